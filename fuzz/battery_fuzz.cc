// A battery's plan and its relearning: whatever the bytes, values that can be written, read back
// and shown, or an iago::Error.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "figures/battery.h"
#include "fuzz/try_to.h"

namespace {

void read_plan(std::string_view text) {
  const iago::Json json = iago::parse_json(text, "battery.json");
  iago::Battery battery{.plan = iago::battery_plan_of(json, "battery.json")};
  const std::string written = iago::dump_json(iago::to_json(battery.plan));
  const iago::Json again = iago::parse_json(written, "again.json");
  IAGO_CHECK(iago::dump_json(iago::to_json(iago::battery_plan_of(again, "again.json"))) == written,
             written);
  battery.not_asked.resize(battery.plan.cells.size());
  IAGO_CHECK(iago::terminal_table(battery).find('\x1b') == std::string::npos, "an escape sequence");
}

void read_relearnt(std::string_view text) {
  const iago::Json json = iago::parse_json(text, "relearning.json");
  const iago::Relearning relearning = iago::relearning_of(json, "relearning.json");
  const std::string written = iago::dump_json(iago::to_json(relearning));
  IAGO_CHECK(
      iago::relearning_of(iago::parse_json(written, "again.json"), "again.json") == relearning,
      written);
  for (const std::string& sentence : iago::relearning_sentences(relearning)) {
    IAGO_CHECK(sentence.find('\x1b') == std::string::npos, "an escape sequence");
  }
  iago::figures_json(relearning);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try_to([&] { read_plan(text); });
  try_to([&] { read_relearnt(text); });
  return 0;
}
