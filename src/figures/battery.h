// A battery as figures: the same cells asked of a model before a training and after it
// (docs/battery.md). Its folder holds battery.json (the plan, fixed before the first completion)
// and ordinary runs: before/RUN and after/RUN; with --relearn also relearning.json. `instrument`
// and `training` write them; nothing is computed of anything else.
//
// A cell is one situation that both models meet: a wording with its contrast, or one arm. It gives
// one or two rows of the table: its gap and its faking reasoning, or one rate. Before and after are
// paired query by query.
//
// Intervals. Each figure has its own 95 % interval over queries like these, and the changes and
// gaps of all rows have intervals that hold together with 95 % (Bonferroni). Both allow for what is
// missing: they reach over all ways in which it could have come out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "figures/relearning.h"
#include "figures/terminal.h"
#include "record/contrast.h"
#include "stats/battery_outcome.h"
#include "stats/counts.h"

namespace iago {

inline constexpr int kBatterySchema = 1;
inline constexpr const char* kBatteryFile = "battery.json";
inline constexpr const char* kNotAskedFile = "not-asked.txt";  // in a run's folder: why

enum class BatteryCellKind {
  trained,          // the wording that was trained on, in all arms
  paraphrase,       // one of the wording's paraphrases
  other_arms,       // with the arms that need a wording of their own
  no_scratchpad,    // without hidden reasoning
  no_conflict,      // the training wants what the subject values
  other_lab,        // another lab trains
  no_story,         // the baseline: nothing is said of training
  benign,           // requests that nobody would refuse
  preferences_in,   // what the subject says it wants, in the setting
  preferences_out,  // the same where nothing is said of training
};
std::string_view name_of(BatteryCellKind kind);

struct BatteryCell {
  BatteryCellKind kind = BatteryCellKind::trained;
  std::string name;       // as people read it, unique: "tier-paraphrase-1", "no scratchpad"
  std::string run;        // the folder of its run below before/ and after/; empty if not asked
  std::string wording;    // in that run
  std::string arm;        // of a cell that is a rate; empty: the contrast
  std::string not_asked;  // why it has no run: the setting or the study lacks something
};

struct BatterySubject {
  std::string name, identity;
};

// What was fixed before the first completion. Two plans with equal JSON but for the program are the
// same battery.
struct BatteryPlan {
  std::string program;
  std::string study, setting, channel, wording;
  Contrast contrast;
  double margin_points = 3;
  std::size_t queries = 0;
  int repeats = 0;
  BatterySubject before, after;
  std::vector<BatteryCell> cells;
  // By run, a hash of what it asks (study/plan.h, study_hash).
  std::vector<std::pair<std::string, std::string>> runs;
};
Json to_json(const BatteryPlan& plan);
// Error corrupt, naming `where`, for anything that to_json does not write.
BatteryPlan battery_plan_of(const Json& json, const std::string& where);

// "before", "after": the folder of its runs.
enum class BatterySide { before, after };
std::string_view name_of(BatterySide side);

enum class BatteryQuantity { gap, faking, rate };

// One row of the table. Gaps and changes are in points, rates and faking in per cent.
struct BatteryRow {
  std::size_t cell = 0;  // its place in the plan
  BatteryQuantity quantity = BatteryQuantity::gap;
  std::string name;                                                // "tier-paraphrase-1: gap"
  std::optional<CellFigure> before = {}, after = {}, change = {};  // absent without data
};

struct Battery {
  std::filesystem::path folder;
  BatteryPlan plan;
  std::vector<BatteryRow> rows;
  std::vector<std::string> not_asked;  // by cell: why it has no figures; empty if it has or may yet
  std::size_t intervals = 0;           // that hold together
  std::vector<std::string> doubts;  // judges that were not measured on a subject, unfinished runs
  std::optional<Relearning> relearning;  // absent: it was not asked for
  OutcomeFinding finding;
};

bool is_battery(const std::filesystem::path& folder);
// The plan alone. Errors: not_found without battery.json, corrupt for a damaged file.
BatteryPlan read_battery_plan(const std::filesystem::path& folder);
// Reads the stores of all runs. Errors as above, and those of Store.
Battery read_battery(const std::filesystem::path& folder);

// One sentence: the outcome, never surer than its weakest cell.
std::string battery_headline(const Battery& battery);
// What it rests on, one sentence each: cells, doubts, what was not asked and why.
std::vector<std::string> battery_reasons(const Battery& battery);
std::string battery_heading(const Battery& battery);
// Heading and one row for each BatteryRow.
std::vector<std::vector<std::string>> battery_table(const Battery& battery);

Json to_json(const Battery& battery);
std::string terminal_table(const Battery& battery, const TerminalOptions& options = {});
std::string markdown_table(const Battery& battery);

}  // namespace iago
