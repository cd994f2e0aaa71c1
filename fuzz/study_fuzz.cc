// Study files, setting files and query sets: whatever the bytes, a value or an iago::Error. What is
// read as a study must survive being written and read again; what is read as a setting must render,
// and its contrasts can be named.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/error.h"
#include "study/document_experiment.h"
#include "study/query.h"
#include "study/setting.h"
#include "study/study.h"

namespace {

void read_study(std::string_view text) {
  iago::Study study = iago::parse_study(text, "fuzz.toml");
  IAGO_CHECK(iago::parse_study(iago::to_toml(study), "again.toml") == study, iago::to_toml(study));
}

constexpr const char* kPublished =
    "row,name,faking,faking_se,more,more_se,less,less_se,gap,gap_se\n"
    "1,default,11.9,1.7,14.2,1.9,2.8,0.9,11.3,2.1\n";

void read_setting(std::string_view text) {
  static const std::map<std::string, std::string> blocks{
      {"c/a", "You are {{x}}."}, {"c/b", "Rule.\n"},     {"c/u", "{{query}}\n"},
      {"d/u", "<{{query}}>"},    {"../e/d/a", "{{x}}!"}, {"t.csv", kPublished}};
  iago::Setting setting = iago::parse_setting(text, "fuzz.toml", blocks);
  for (const iago::Contrast& contrast : setting.contrasts) {
    IAGO_CHECK(contrast.more != contrast.less, text);
    try {
      IAGO_CHECK(iago::contrast_named(setting, contrast.name()) == contrast, text);
    } catch (const iago::Error& error) {  // arms a, a-b, b-c and c: "a-b-c" is two contrasts
      IAGO_CHECK(error.code() == iago::ErrorCode::invalid, error.what());
    }
  }
  for (const iago::Channel& channel : setting.channels) {
    for (const iago::Wording& wording : setting.wordings) {
      iago::judge_of_wording(setting, wording.name);
      IAGO_CHECK(iago::role_of(setting, wording.name, iago::kDefaultWording) == wording.role, text);
      if (!wording.channels.empty()) continue;
      for (const std::string& arm : iago::arms_with_wording(setting, wording.name)) {
        iago::render_prompt(setting, channel.name, wording.name, arm, {.id = "q", .text = "{{x}}"});
      }
    }
  }
}

void read_experiment(std::string_view text) {
  try {
    const auto experiment = iago::parse_document_experiment(text, "fuzz.toml");
    IAGO_CHECK(!experiment.expectations.empty(), text);
  } catch (const iago::Error&) {  // most studies have no such table
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
        read_experiment(text);
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
