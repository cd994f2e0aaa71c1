// A battery's folder, written and read.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "figures/battery.h"
#include "figures/internal/battery_counts.h"
#include "record/names.h"
#include "text/printable.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxBatteryFile = std::size_t{16} << 20;
constexpr std::size_t kMostReason = 500;  // bytes of why a run was not asked

constexpr EnumName<BatteryCellKind> kCellKindNames[] = {
    {BatteryCellKind::trained, "trained"},
    {BatteryCellKind::paraphrase, "paraphrase"},
    {BatteryCellKind::other_arms, "other_arms"},
    {BatteryCellKind::no_scratchpad, "no_scratchpad"},
    {BatteryCellKind::no_conflict, "no_conflict"},
    {BatteryCellKind::other_lab, "other_lab"},
    {BatteryCellKind::no_story, "no_story"},
    {BatteryCellKind::benign, "benign"},
    {BatteryCellKind::preferences_in, "preferences_in"},
    {BatteryCellKind::preferences_out, "preferences_out"}};

constexpr EnumName<BatterySide> kSideNames[] = {{BatterySide::before, "before"},
                                                {BatterySide::after, "after"}};

Json subject_json(const BatterySubject& subject) {
  return {{"name", subject.name}, {"identity", subject.identity}};
}

BatterySubject subject_of(const Json& json) { return {json.at("name"), json.at("identity")}; }

Json cell_json(const BatteryCell& cell) {
  return {{"kind", name_of(cell.kind)}, {"name", cell.name}, {"run", cell.run},
          {"wording", cell.wording},    {"arm", cell.arm},   {"not_asked", cell.not_asked}};
}

// A run's folder lies directly below the side's: no path of a damaged file leads elsewhere.
void check_run_name(const std::string& run, const std::string& where) {
  const bool is_plain = std::ranges::all_of(
      run, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
  if (is_plain) return;
  throw Error(ErrorCode::corrupt, fmt::format("{}: cells: run: expected letters, digits and '-', "
                                              "found \"{}\"",
                                              where, printable(run)));
}

BatteryCell cell_of(const Json& json, const std::string& where) {
  const auto kind = value_in(kCellKindNames, json.at("kind").get<std::string>());
  if (!kind) {
    throw Error(ErrorCode::corrupt, fmt::format("{}: cells: kind: unknown \"{}\"", where,
                                                printable(json.at("kind").get<std::string>())));
  }
  BatteryCell cell{.kind = *kind,
                   .name = json.at("name"),
                   .run = json.at("run"),
                   .wording = json.at("wording"),
                   .arm = json.at("arm"),
                   .not_asked = json.at("not_asked")};
  check_run_name(cell.run, where);
  return cell;
}

bool has_trained_cell(const BatteryPlan& plan) {
  return std::ranges::count(plan.cells, BatteryCellKind::trained, &BatteryCell::kind) == 1;
}

BatteryPlan plan_of(const Json& json, const std::string& where) {
  if (const int schema = json.at("schema"); schema != kBatterySchema) {
    throw Error(ErrorCode::unsupported,
                fmt::format("{}: expected schema {}, found {}", where, kBatterySchema, schema));
  }
  BatteryPlan plan{.program = json.at("program"),
                   .study = json.at("study"),
                   .setting = json.at("setting"),
                   .channel = json.at("channel"),
                   .wording = json.at("wording"),
                   .contrast = {json.at("contrast").at("more"), json.at("contrast").at("less")},
                   .margin_points = json.at("margin_points"),
                   .queries = json.at("queries"),
                   .repeats = json.at("repeats"),
                   .before = subject_of(json.at("before")),
                   .after = subject_of(json.at("after")),
                   .cells = {},
                   .runs = {}};
  for (const Json& cell : json.at("cells")) plan.cells.push_back(cell_of(cell, where));
  for (const Json& run : json.at("runs")) plan.runs.emplace_back(run.at("name"), run.at("hash"));
  if (!has_trained_cell(plan) || !(plan.margin_points > 0)) {
    throw Error(
        ErrorCode::corrupt,
        fmt::format("{}: expected one cell of the kind trained, and a margin above 0", where));
  }
  return plan;
}

// A run of one side, if it has begun; else why it was not asked.
struct ReadSide {
  std::map<std::string, CountedRun> runs;
  std::map<std::string, std::string> not_asked;

  const CountedRun* run(const std::string& name) const {
    const auto found = runs.find(name);
    return found == runs.end() ? nullptr : &found->second;
  }
};

CountedRun read_run(const fs::path& folder, const BatterySubject& subject) {
  constexpr const char* kRunAgain =
      "delete the run's folder and repeat the battery's command, which runs it again";
  try {
    CountedRun run = count_run(folder);
    if (run.subject == subject.name) return run;
    throw Error(ErrorCode::corrupt,
                fmt::format("{}: expected a run of {}, found one of {}", folder.string(),
                            printable(subject.name), printable(run.subject)));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::corrupt) throw;
    throw Error(ErrorCode::corrupt, error.what(), kRunAgain);
  }
}

ReadSide read_side(const Battery& battery, BatterySide side) {
  const BatterySubject& subject =
      side == BatterySide::before ? battery.plan.before : battery.plan.after;
  ReadSide read;
  std::error_code status;
  for (const auto& [name, hash] : battery.plan.runs) {
    const fs::path folder = battery.folder / name_of(side) / name;
    if (fs::exists(folder / kNotAskedFile, status)) {
      read.not_asked[name] =
          printable(read_file(folder / kNotAskedFile, kMaxBatteryFile), kMostReason);
    } else if (fs::exists(folder / "run.db", status)) {
      read.runs.emplace(name, read_run(folder, subject));
    }
  }
  return read;
}

std::string why_not_asked(const BatteryCell& cell, const ReadSide& before, const ReadSide& after) {
  if (!cell.not_asked.empty()) return cell.not_asked;
  for (const ReadSide* side : {&before, &after}) {
    const auto found = side->not_asked.find(cell.run);
    if (found == side->not_asked.end()) continue;
    return fmt::format("the model {} the training cannot be asked: {}",
                       side == &before ? "before" : "after", found->second);
  }
  return {};
}

// Of a gap: before, after and the change. Of everything else the change alone.
std::size_t count_intervals(const BatteryPlan& plan) {
  std::size_t intervals = 0;
  for (const BatteryCell& cell : plan.cells) {
    if (!cell.not_asked.empty()) continue;
    if (cell.arm.empty()) intervals += 3;
    if (!cell.arm.empty() || cell.kind != BatteryCellKind::no_scratchpad) ++intervals;
  }
  return std::max<std::size_t>(1, intervals);
}

void add_doubts(const ReadSide& side, const BatterySubject& subject, BatterySide which,
                Battery& battery) {
  std::size_t begun = 0, open = 0;
  bool is_measured = true;
  for (const auto& [name, run] : side.runs) {
    begun += run.planned > 0 ? 1 : 0;
    open += run.open;
    is_measured = is_measured && run.is_judge_measured;
  }
  const std::size_t due = battery.plan.runs.size() - side.not_asked.size();
  if (begun < due || open > 0) {
    battery.doubts.push_back(fmt::format(
        "Unfinished {} the training: {} of {} runs begun, {} trials open; the same command "
        "resumes.",
        name_of(which), begun, due, open));
  }
  if (!is_measured) {
    std::string doubt = fmt::format(
        "Provisional: a judge's error was never measured on {}, so the judge may make "
        "a difference, or hide one.",
        printable(subject.name));
    if (std::ranges::count(battery.doubts, doubt) == 0) battery.doubts.push_back(std::move(doubt));
  }
}

// Of the others one rate is followed.
bool has_gap(BatteryCellKind kind) {
  return kind != BatteryCellKind::no_story && kind != BatteryCellKind::benign &&
         kind != BatteryCellKind::preferences_in && kind != BatteryCellKind::preferences_out;
}

CellRole role_of(BatteryCellKind kind) {
  switch (kind) {
    case BatteryCellKind::trained:
      return CellRole::trained;
    case BatteryCellKind::no_scratchpad:
      return CellRole::unreasoned;
    case BatteryCellKind::no_conflict:
      return CellRole::control;
    default:
      return CellRole::reworded;
  }
}

}  // namespace

std::string_view name_of(BatteryCellKind kind) { return name_in(kCellKindNames, kind); }
std::string_view name_of(BatterySide side) { return name_in(kSideNames, side); }

Json to_json(const BatteryPlan& plan) {
  Json cells = Json::array(), runs = Json::array();
  for (const BatteryCell& cell : plan.cells) cells.push_back(cell_json(cell));
  for (const auto& [name, hash] : plan.runs) runs.push_back({{"name", name}, {"hash", hash}});
  return {{"schema", kBatterySchema},
          {"program", plan.program},
          {"study", plan.study},
          {"setting", plan.setting},
          {"channel", plan.channel},
          {"wording", plan.wording},
          {"contrast", {{"more", plan.contrast.more}, {"less", plan.contrast.less}}},
          {"margin_points", plan.margin_points},
          {"queries", plan.queries},
          {"repeats", plan.repeats},
          {"before", subject_json(plan.before)},
          {"after", subject_json(plan.after)},
          {"cells", cells},
          {"runs", runs}};
}

BatteryPlan battery_plan_of(const Json& json, const std::string& where) {
  try {
    BatteryPlan plan = plan_of(json, where);
    for (const auto& [name, hash] : plan.runs) check_run_name(name, where);
    return plan;
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorCode::corrupt,
                fmt::format("{}: not what iago battery writes: {}", where, error.what()),
                "restore the file, or give another folder with --out");
  }
}

bool is_battery(const fs::path& folder) {
  std::error_code status;
  return fs::is_regular_file(folder / kBatteryFile, status);
}

BatteryPlan read_battery_plan(const fs::path& folder) {
  const fs::path file = folder / kBatteryFile;
  if (!is_battery(folder)) {
    throw Error(ErrorCode::not_found, fmt::format("{}: {}", file.string(), why_no_file(file)),
                "give the folder that iago battery named");
  }
  return battery_plan_of(read_own_json(file, kMaxBatteryFile), file.string());
}

namespace {

std::vector<OutcomeCell> outcome_cells(const Battery& battery, std::vector<std::size_t>& places) {
  std::vector<OutcomeCell> cells;
  for (std::size_t place = 0; place < battery.plan.cells.size(); ++place) {
    const BatteryCell& cell = battery.plan.cells[place];
    if (!has_gap(cell.kind)) continue;
    OutcomeCell& out = cells.emplace_back();
    places.push_back(place);
    out.role = role_of(cell.kind);
    for (const BatteryRow& row : battery.rows) {
      if (row.cell != place) continue;
      const bool is_gap = row.quantity == BatteryQuantity::gap;
      (is_gap ? out.gap_before : out.faking_before) = row.before;
      (is_gap ? out.gap_after : out.faking_after) = row.after;
      (is_gap ? out.gap_change : out.faking_change) = row.change;
    }
  }
  return cells;
}

void find_outcome(Battery& battery) {
  std::vector<std::size_t> places;
  const std::vector<OutcomeCell> cells = outcome_cells(battery, places);
  OutcomeInput input{.cells = cells, .margin = battery.plan.margin_points, .benign_change = {}};
  std::vector<RelearntSeed> relearnt;
  if (battery.relearning) relearnt = battery.relearning->relearnt();
  input.relearnt = relearnt;
  for (const BatteryRow& row : battery.rows) {
    if (battery.plan.cells[row.cell].kind == BatteryCellKind::benign) {
      input.benign_change = row.change;
    }
  }
  battery.finding = battery_outcome(input);
  for (std::size_t& cell : battery.finding.cells) cell = places[cell];
}

}  // namespace

Battery read_battery(const fs::path& folder) {
  Battery battery{.folder = folder, .plan = read_battery_plan(folder)};
  battery.intervals = count_intervals(battery.plan);
  const double level = 1 - (1 - kLevel) / static_cast<double>(battery.intervals);
  const ReadSide before = read_side(battery, BatterySide::before);
  const ReadSide after = read_side(battery, BatterySide::after);
  for (std::size_t place = 0; place < battery.plan.cells.size(); ++place) {
    const BatteryCell& cell = battery.plan.cells[place];
    battery.not_asked.push_back(why_not_asked(cell, before, after));
    if (!battery.not_asked.back().empty()) continue;
    for (BatteryRow& row :
         rows_of_cell(battery.plan, place, before.run(cell.run), after.run(cell.run), level)) {
      battery.rows.push_back(std::move(row));
    }
  }
  battery.relearning = read_relearning(folder);
  add_doubts(before, battery.plan.before, BatterySide::before, battery);
  add_doubts(after, battery.plan.after, BatterySide::after, battery);
  find_outcome(battery);
  return battery;
}

}  // namespace iago
