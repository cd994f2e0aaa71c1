#include "instrument/battery.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/version.h"
#include "figures/plan_difference.h"
#include "run/shortfall.h"
#include "spend/forecast.h"
#include "study/plan.h"
#include "text/printable.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

BatterySubject subject_of(const ChatModel& model) {
  const ModelInfo info = model.info();
  return {info.name, info.identity};
}

BatteryPlan plan_of(const BatteryDesign& design, const BatteryModels& models) {
  const Study& study = design.study.study;
  const std::size_t queries = study.asked_of(design.study.queries.size());
  BatteryPlan plan{.program = std::string(kVersion),
                   .study = study.name,
                   .setting = design.study.setting.name,
                   .channel = study.channel,
                   .wording = study.reference,
                   .contrast = contrasts_of(study, design.study.setting).front(),
                   .margin_points = study.margin,
                   .queries = queries,
                   .repeats = study.repeats,
                   .before = subject_of(models.before),
                   .after = subject_of(models.after),
                   .cells = design.cells,
                   .runs = {}};
  for (const BatteryRun& run : design.runs) {
    plan.runs.emplace_back(run.name, study_hash(run.study.study, run.study.setting, {}));
  }
  return plan;
}

// What makes two batteries the same, whatever program runs them.
Json without_program(const BatteryPlan& plan) {
  Json json = to_json(plan);
  json.erase("program");
  return json;
}

fs::path default_folder(const BatteryPlan& plan) {
  std::string model;
  for (const char c : plan.after.name.substr(plan.after.name.find(':') + 1)) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    model += fits ? c : '-';
  }
  if (model.size() > 40) model = model.substr(model.size() - 40);
  const std::string hash = sha256_hex(dump_json(without_program(plan)));
  return fs::path("batteries") / fmt::format("{}-{}-{}", plan.study, model, hash.substr(0, 8));
}

void make_folder(const fs::path& folder) {
  std::error_code status;
  fs::create_directories(folder, status);
  if (!status) return;
  throw Error(ErrorCode::disconnected,
              fmt::format("{}: cannot be created: {}", folder.string(), status.message()));
}

void record_plan(const fs::path& folder, const BatteryPlan& plan) {
  make_folder(folder);
  if (is_battery(folder)) {
    const Json was = without_program(read_battery_plan(folder)), is = without_program(plan);
    if (was == is) return;
    throw Error(
        ErrorCode::invalid,
        fmt::format("{}: holds another battery: {}", folder.string(), plan_difference(was, is)),
        "give another folder with --out");
  }
  check_is_free(folder, kBatteryFile);
  write_file(folder / kBatteryFile, dump_json(to_json(plan), 2) + "\n");
}

// What earlier sessions have spent of the budget.
void count_earlier(const fs::path& folder, const BatteryPlan& plan, const BatteryOptions& options) {
  if (options.budget == nullptr || options.prices == nullptr) return;
  for (const BatterySide side : {BatterySide::before, BatterySide::after}) {
    for (const auto& [name, hash] : plan.runs) {
      const fs::path run = folder / name_of(side) / name;
      Spent spent = spent_in(run, *options.prices);
      spent.seconds += seconds_worked(run);
      options.budget->count_earlier(spent);
    }
  }
}

// One battery while it runs.
class BatterySession {
 public:
  BatterySession(const BatteryDesign& design, const BatteryJudges& judges,
                 const BatteryOptions& options, const Clock& clock, fs::path folder)
      : design_(design), judges_(judges), options_(options), clock_(clock) {
    result_.folder = std::move(folder);
  }

  // False if nothing more is to be asked.
  bool run_side(BatterySide side, ChatModel& model) {
    for (const BatteryRun& run : design_.runs) {
      ++place_;
      if (!run_one(side, run, model)) return false;
    }
    return true;
  }

  BatteryResult take_result() { return std::move(result_); }

 private:
  bool run_one(BatterySide side, const BatteryRun& run, ChatModel& model) {
    const fs::path folder = result_.folder / name_of(side) / run.name;
    LoadedStudy loaded = run.study;
    loaded.study.model = model.info().name;
    const RunOptions options{
        .runs = result_.folder / name_of(side),
        .folder = folder,
        .reuse = {},
        .judge_errors = judges_.errors,
        .no_more = options_.no_more,
        .at_once = options_.at_once,
        .on_progress =
            [&](const RunProgress& progress) {
              if (!options_.on_progress) return;
              options_.on_progress({side, run.name, place_, 2 * design_.runs.size(), progress});
            },
        .on_judging = {},
        .budget = options_.budget,
        .prices = options_.prices,
        .on_notice = options_.on_notice,
        .on_mismatches = {}};
    const auto& judges = run.asks_preferences ? judges_.preferences : judges_.study;
    RunResult result;
    try {
      result = run_study(loaded, model, judges, options, clock_);
      if (result.stopped) throw *result.stopped;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::unsupported) throw;
      write_file(folder / kNotAskedFile, error.what());
      return true;
    }
    std::error_code ignored;
    fs::remove(folder / kNotAskedFile, ignored);
    result_.interrupted = result.interrupted;
    result_.limit_met = !result.budget_met.empty() ? result.budget_met : result.limit_met;
    note_shortfalls(side, run, result);
    return !result.interrupted && result_.limit_met.empty();
  }

  void note_shortfalls(BatterySide side, const BatteryRun& run, const RunResult& result) {
    if (result.interrupted) return;
    for (const Shortfall shortfall : shortfalls(result)) {
      result_.shortfalls.push_back(fmt::format("{}, {}: {}: {}", name_of(side), run.name,
                                               name_of(shortfall), sentence_of(shortfall)));
    }
  }

  const BatteryDesign& design_;
  const BatteryJudges& judges_;
  const BatteryOptions& options_;
  const Clock& clock_;
  BatteryResult result_;
  std::size_t place_ = 0;
};

}  // namespace

BatteryResult run_battery(const BatteryDesign& design, const BatteryModels& models,
                          const BatteryJudges& judges, const BatteryOptions& options,
                          const Clock& clock) {
  const BatteryPlan plan = plan_of(design, models);
  const fs::path folder = options.folder.empty() ? default_folder(plan) : options.folder;
  record_plan(folder, plan);
  count_earlier(folder, plan, options);
  BatterySession session(design, judges, options, clock, folder);
  if (session.run_side(BatterySide::before, models.before)) {
    session.run_side(BatterySide::after, models.after);
  }
  return session.take_result();
}

}  // namespace iago
