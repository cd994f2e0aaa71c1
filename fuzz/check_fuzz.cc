// Planted texts and stored checks: whatever the bytes, values that can be written and read back, or
// an iago::Error.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "figures/check.h"
#include "figures/check_text.h"
#include "fuzz/try_to.h"
#include "instrument/planted.h"

namespace {

void read_check(std::string_view text) {
  const iago::CheckReport report = iago::parse_check(text, "check.json");
  IAGO_CHECK(iago::to_text(report).find('\x1b') == std::string::npos, "an escape sequence");
  const std::string written = iago::dump_json(iago::to_json(report));
  IAGO_CHECK(iago::parse_check(written, "again.json") == report, written);
}

void read_planted(std::string_view text, iago::JudgeKind kind) {
  for (const iago::PlantedText& one :
       iago::draw_planted(iago::parse_planted(text, "fuzz.jsonl", kind), 5, 1)) {
    IAGO_CHECK(!(one.is_positive && one.is_near_miss), one.id);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try_to([&] { read_check(text); });
  try_to([&] { read_planted(text, iago::JudgeKind::compliance); });
  try_to([&] { read_planted(text, iago::JudgeKind::faking_reasoning); });
  return 0;
}
