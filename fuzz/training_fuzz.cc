// A training's plan, a line of its steps and its end: whatever the bytes, values that can be
// written, read back and shown, or an iago::Error.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "figures/training.h"
#include "fuzz/try_to.h"

namespace {

void read_plan(const iago::Json& json) {
  const iago::TrainingPlan plan = iago::training_plan_of(json, "training.json");
  const iago::Json written = to_json(plan);
  IAGO_CHECK(to_json(iago::training_plan_of(written, "again.json")) == written,
             iago::dump_json(written));
  const iago::Training training{.folder = {}, .plan = plan, .seeds = {}};
  IAGO_CHECK(terminal_table(training).find('\x1b') == std::string::npos, "an escape sequence");
  markdown_table(training);
}

void read_step(const iago::Json& json) {
  const iago::TrainingStep step = iago::training_step_of(json, "steps.jsonl:1");
  IAGO_CHECK(iago::training_step_of(to_json(step), "again.json") == step, iago::dump_json(json));
}

void read_end(const iago::Json& json) {
  const iago::TrainingEnd end = iago::training_end_of(json, "end.json");
  IAGO_CHECK(iago::training_end_of(to_json(end), "again.json") == end, iago::dump_json(json));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try_to([&] {
    const iago::Json json = iago::parse_json(text, "fuzz.json");
    try_to([&] { read_plan(json); });
    try_to([&] { read_step(json); });
    try_to([&] { read_end(json); });
  });
  return 0;
}
