// What a battery's runs say of its cells, as counts by query. Private to the room.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "figures/battery.h"
#include "stats/counts.h"

namespace iago {

// One arm under one wording; by query id.
struct CountedArm {
  std::map<std::string, QueryCounts> complied, faked;
  std::uint64_t labelled = 0;  // answers that the contrast's judge decided on
};

struct CountedRun {
  std::string subject;                                             // by its name
  std::map<std::pair<std::string, std::string>, CountedArm> arms;  // by wording and arm
  bool has_reasoning_judge = false;
  bool is_judge_measured = false;       // the contrast's, on this subject
  std::uint64_t planned = 0, open = 0;  // trials, and those without a completion
};
// Errors of Store.
CountedRun count_run(const std::filesystem::path& folder);

// The rows of one cell. `before` and `after` may be null: the run is not there yet. `level`: of the
// intervals that hold together.
std::vector<BatteryRow> rows_of_cell(const BatteryPlan& plan, std::size_t cell,
                                     const CountedRun* before, const CountedRun* after,
                                     double level);

}  // namespace iago
