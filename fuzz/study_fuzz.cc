// Study files, setting files and query sets: whatever the bytes, a value or an iago::Error. What is
// read as a study must survive being written and read again; what is read as a setting must render.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/error.h"
#include "study/query.h"
#include "study/setting.h"
#include "study/study.h"

namespace {

void read_study(std::string_view text) {
  iago::Study study = iago::parse_study(text, "fuzz.toml");
  IAGO_CHECK(iago::parse_study(iago::to_toml(study), "again.toml") == study, iago::to_toml(study));
}

void read_setting(std::string_view text) {
  static const std::map<std::string, std::string> blocks{{"c/a", "You are {{x}}."},
                                                         {"c/b", "Rule.\n"},
                                                         {"c/u", "{{query}}\n"},
                                                         {"d/u", "<{{query}}>"}};
  iago::Setting setting = iago::parse_setting(text, "fuzz.toml", blocks);
  for (const iago::Channel& channel : setting.channels) {
    for (const iago::Wording& wording : setting.wordings) {
      if (!wording.channels.empty()) continue;
      for (const std::string& arm : iago::arms_with_wording(setting, wording.name)) {
        iago::render_prompt(setting, channel.name, wording.name, arm, {.id = "q", .text = "{{x}}"});
      }
    }
  }
}

}  // namespace

// The first byte chooses the kind of file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    switch (data[0] % 3) {
      case 0:
        read_study(text);
        break;
      case 1:
        read_setting(text);
        break;
      default:
        iago::parse_queries(text, "fuzz.jsonl",
                            {.file_bytes = 1 << 20, .queries = 1000, .text_bytes = 1 << 12});
    }
  } catch (const iago::Error& error) {
    IAGO_CHECK(!std::string_view(error.what()).empty(), "an error without a message");
  }
  return 0;
}
