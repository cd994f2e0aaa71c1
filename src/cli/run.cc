// iago run STUDY
#include "run/run.h"

#include <fmt/format.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "base/model_name.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/progress_text.h"
#include "cli/run_session.h"
#include "cli/tell.h"
#include "figures/terminal.h"
#include "models/subject.h"
#include "run/edited_study.h"
#include "spend/spending.h"
#include "store/run_folder.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr double kTooMuchMissing = 0.05;

void print_summary(const RunResult& result, const RunArguments& arguments) {
  if (arguments.output == Output::json) {
    Json json = to_json(result.summary);
    if (result.misses) json["explained_misses"] = to_json(*result.misses);
    fmt::print("{}\n", dump_json(json, 2));
    return;
  }
  fmt::print("{}",
             terminal_table(result.summary, {.colour = wants_colour(1) ? Colour::on : Colour::off,
                                             .width = terminal_width(1),
                                             .folder = result.folder}));
}

// Before the sampling, in people's words; machines find the same in the JSON. None unless asked.
std::function<void(const MissReport&)> tell_misses(const RunArguments& arguments) {
  if (!arguments.explain_miss) return {};
  return [output = arguments.output](const MissReport& report) {
    if (output == Output::text) tell(to_text(report));
  };
}

bool too_much(std::uint64_t part, std::uint64_t whole) {
  return static_cast<double>(part) > kTooMuchMissing * static_cast<double>(whole);
}

// Of what is stored, whichever session left it so.
bool too_much_missing(const Summary& summary) {
  std::uint64_t complied = 0, unread = 0;
  for (const ArmSummary& arm : summary.arms) {
    if (too_much(arm.missing(), arm.completed())) return true;
    if (too_much(arm.faking_unjudged, arm.completed())) return true;
    complied += arm.complied, unread += arm.faking_unjudged;
  }
  if (complied > 0 && unread == complied) return true;
  if (summary.judges.compliance) return false;
  // Where the other judges' labels are the result, theirs must be there.
  for (const OtherJudge& other : summary.other_judges) {
    for (const LabelShares& arm : other.all.arms) {
      if (too_much(arm.unjudged, arm.judged + arm.unjudged)) return true;
    }
  }
  return false;
}

// What is left of a run and what its earlier sessions have spent, added to the rest.
void foresee(const StudyOverrides& overrides, const RunArguments& arguments, const Context& context,
             const PriceTable& prices, std::vector<ModelEstimate>& left, Spent& before) {
  const LoadedStudy loaded = load_study_with_model(arguments.study, overrides, context);
  auto model = open_subject(loaded.study.model, {.organisms = context.data / "organisms",
                                                 .endpoint = arguments.spending.endpoint,
                                                 .only_named = true});
  const ModelInfo info = model->info();
  const Plan plan =
      make_plan(loaded.study, loaded.setting, loaded.queries, {info.name, info.identity});
  const auto folder = run_folder(arguments.runs, plan.run_id, arguments.fresh);
  for (ModelEstimate& estimate :
       estimate_study(loaded, plan, folder, arguments.reuse, context.data, prices)) {
    left.push_back(std::move(estimate));
  }
  before += spent_in(folder, prices);
  before.seconds += seconds_worked(folder);
}

// What the command's runs have spent in earlier sessions. Error invalid if what is left of them
// surely breaks a limit. Without limits nothing is looked at.
Spent spent_before(const RunArguments& arguments, const Context& context, const PriceTable& prices,
                   const std::vector<StudyOverrides>& each) {
  Spent before;
  const BudgetLimits& limits = arguments.spending.budget;
  if (!limits.any()) return before;
  std::vector<ModelEstimate> left;
  for (const StudyOverrides& overrides : each) {
    try {
      foresee(overrides, arguments, context, prices, left, before);
    } catch (const Error&) {
      if (each.size() == 1) throw;  // of several, its run will tell, and the others go on
    }
  }
  refuse_what_cannot_fit(left, limits, before, prices);
  return before;
}

}  // namespace

RunResult run_one(const RunSession& session, const StudyOverrides& overrides,
                  const std::string& place) {
  const auto& [arguments, context, interrupt, clock, prices, budget] = session;
  LoadedStudy loaded = load_study_with_model(arguments.study, overrides, context);
  auto model = open_subject(loaded.study.model, {.organisms = context.data / "organisms",
                                                 .threads = arguments.threads,
                                                 .endpoint = arguments.spending.endpoint});
  Subject subject{model->info().name, model->info().identity};
  const std::string id =
      run_id(loaded.study, subject, study_hash(loaded.study, loaded.setting, subject));
  if (!arguments.fresh) refuse_edited_study(arguments.runs, loaded, overrides, id);
  const bool limited = arguments.spending.budget.any();
  if (!limited) {
    budget.count_earlier(spent_in(run_folder(arguments.runs, id, arguments.fresh), prices));
  }
  if (limited || is_endpoint(loaded.study.model)) {
    auto price = prices.of(loaded.study.model);
    model = std::make_unique<BudgetedModel>(std::move(model), budget, price);
  }
  auto opened = open_judges(loaded.study.judges,
                            {.name = loaded.study.judge_model,
                             .threads = arguments.threads,
                             .endpoint = arguments.spending.judge_endpoint,
                             .budget = &budget,
                             .prices = &prices},
                            context);
  RunResult result;
  {
    ProgressLine line(clock);
    result = run_study(
        loaded, *model, opened.judges,
        {.runs = arguments.runs,
         .fresh = arguments.fresh,
         .reuse = arguments.reuse,
         .judge_errors = read_judge_errors(judge_error_file(context.data)),
         .no_more = interrupt.no_more(),
         .at_once = interrupt.at_once(),
         .on_progress = [&](const RunProgress& p) { line.show(place + progress_text(p)); },
         .on_judging = [&](const JudgingProgress& p) { line.show(place + judging_text(p)); },
         .budget = &budget,
         .prices = &prices,
         .on_misses = tell_misses(arguments)},
        clock);
  }
  if (result.resumed > 0) {
    tell(fmt::format("went on with {}: {} completions were there already (--new begins anew)\n",
                     result.folder.string(), result.resumed));
  }
  if (!arguments.reuse.empty()) {
    tell(fmt::format("took {} completions from other runs (--reuse)\n", result.reused));
  }
  report_unjudged(result.stored_grading, result.grading);
  report_trouble("subject", *model);
  for (const auto& judging : opened.models) report_trouble("judges' model", *judging);
  return result;
}

int exit_code_of(const RunResult& result) {
  if (result.interrupted) return 130;
  if (!result.budget_met.empty()) return 3;
  for (const StoredGrading& stored : result.stored_grading) {
    if (stored.judged_badly()) return 3;
  }
  return too_much_missing(result.summary) ? 3 : 0;
}

int run_command(const RunArguments& arguments, const Context& context) {
  if (arguments.dry_run) {
    return plan_command({.study = arguments.study,
                         .overrides = arguments.overrides,
                         .models = arguments.models,
                         .runs = arguments.runs,
                         .reuse = arguments.reuse,
                         .explain_miss = arguments.explain_miss,
                         .fresh = arguments.fresh,
                         .probe = arguments.probe,
                         .spending = arguments.spending,
                         .output = arguments.output},
                        context);
  }
  InterruptGuard interrupt;
  SystemClock clock;
  const PriceTable prices = load_prices(arguments.spending, context);
  auto each = each_model(arguments.study, arguments.overrides, arguments.models, context);
  Budget budget(arguments.spending.budget, clock, spent_before(arguments, context, prices, each));
  RunSession session{arguments, context, interrupt, clock, prices, budget};
  if (each.size() > 1) return run_several(session, each);
  RunResult result = run_one(session, each.front(), "");
  report_spending(budget.spent(), result.budget_met, prices);
  print_result(result.interrupted, [&] { print_summary(result, arguments); });
  if (result.interrupted) {
    tell(fmt::format("interrupted with {} completions to go; the same command goes on\n",
                     result.left));
  }
  return exit_code_of(result);
}

}  // namespace iago
