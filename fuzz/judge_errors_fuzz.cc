// Files of judges' errors: whatever the bytes, entries that hold what they promise or an
// iago::Error. What is read is written and read back as it was.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "judge/judge_error.h"
#include "record/judge_error_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<iago::MeasuredJudge> entries;
  try {
    entries = iago::parse_judge_errors(text, "fuzz.json");
  } catch (const iago::Error& error) {
    IAGO_CHECK(!std::string_view(error.what()).empty(), "an error without a message");
    return 0;
  }
  for (const iago::MeasuredJudge& entry : entries) {
    IAGO_CHECK(iago::is_judge_error(entry.error), entry.judge);
    IAGO_CHECK(iago::judge_error_of(iago::to_json(entry.error)) == entry.error, entry.judge);
  }
  const auto applying = iago::errors_that_apply({"openai:m", "id", "helpful-only"}, entries);
  IAGO_CHECK(applying.size() <= entries.size(), "no entry is made up");
  return 0;
}
