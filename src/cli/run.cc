// iago run STUDY
#include "run/run.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "base/model_name.h"
#include "cli/commands.h"
#include "cli/internal/exit_status.h"
#include "cli/internal/failure.h"
#include "cli/internal/interrupt.h"
#include "cli/internal/open_judges.h"
#include "cli/internal/print_plan.h"
#include "cli/internal/program.h"
#include "cli/internal/progress.h"
#include "cli/internal/run_session.h"
#include "cli/internal/session_report.h"
#include "cli/internal/streams.h"
#include "cli/internal/study_options.h"
#include "cli/internal/threads_option.h"
#include "cli/progress_text.h"
#include "figures/several_runs.h"
#include "figures/terminal.h"
#include "instrument/stored_checks.h"
#include "models/open_model.h"
#include "run/changed_study.h"
#include "run/shortfall.h"
#include "spend/budgeted_model.h"
#include "spend/forecast.h"
#include "store/run_folder.h"
#include "text/printable.h"

namespace iago {
namespace {

void print_summary(const RunResult& result, const StudyOptions& options,
                   const BudgetFigures& budget) {
  if (options.output.json) {
    const FinishedRun run{result.summary, result.mismatches, budget_report(budget)};
    fmt::print("{}\n", dump_json(to_json(run), 2));
    return;
  }
  fmt::print("{}",
             terminal_table(result.summary, {.colour = wants_colour(1) ? Colour::on : Colour::off,
                                             .width = terminal_width(1),
                                             .folder = result.folder}));
}

// Before the sampling, in people's words; machines find the same in the JSON. None unless asked.
std::function<void(const MismatchReport&)> mismatch_printer(const StudyOptions& options) {
  if (!options.explain_miss) return {};
  return [output = options.output](const MismatchReport& report) {
    if (!output.json) print_stderr(to_text(report));
  };
}

// What is left of a run and what its earlier sessions have spent, added to the rest.
void foresee(const StudyOverrides& overrides, const StudyOptions& options, const Context& context,
             const PriceTable& prices, std::vector<ModelEstimate>& left, Spent& before) {
  const LoadedStudy loaded = load_study_with_model(options, overrides, context);
  auto model = open_model(loaded.study.model, {.organisms = context.data / "organisms",
                                               .endpoint = options.endpoints.subject,
                                               .only_named = true});
  const ModelInfo info = model->info();
  const Plan plan =
      make_plan(loaded.study, loaded.setting, loaded.queries, {info.name, info.identity});
  const auto folder = run_folder(options.runs.folder, plan.run_id, options.fresh);
  for (ModelEstimate& estimate :
       estimate_study(loaded, plan, folder, options.reuse, context.data, prices)) {
    left.push_back(std::move(estimate));
  }
  before += spent_in(folder, prices);
  before.seconds += seconds_worked(folder);
}

// What the command's runs have spent in earlier sessions. Error invalid if what is left of them
// surely breaks a limit. Without limits nothing is looked at.
Spent spent_before(const StudyOptions& options, const Context& context, const PriceTable& prices,
                   const std::vector<StudyOverrides>& each) {
  Spent before;
  const BudgetLimits& limits = options.budget.limits;
  if (!limits.any()) return before;
  std::vector<ModelEstimate> left;
  for (const StudyOverrides& overrides : each) {
    try {
      foresee(overrides, options, context, prices, left, before);
    } catch (const Error&) {
      if (each.size() == 1) throw;  // of several, its run will tell, and the others go on
    }
  }
  refuse_what_cannot_fit(left, limits, before, prices);
  return before;
}

// The newest check of this subject in this setting.
std::optional<CheckReport> check_of(const LoadedStudy& loaded, const Subject& subject,
                                    const std::filesystem::path& checks, const std::string& place) {
  StoredChecks stored = read_checks(checks);
  for (const std::string& problem : stored.unreadable) {
    print_stderr(fmt::format("{}note: a check is left aside: {}\n", place, printable(problem)));
  }
  return newest_check(stored.checks, subject.identity,
                      setting_hash(loaded.setting, loaded.study.channel));
}

}  // namespace

RunResult run_one(const RunSession& session, const StudyOverrides& overrides,
                  const std::string& place) {
  const auto& [options, threads, context, interrupt, clock, prices, budget] = session;
  LoadedStudy loaded = load_study_with_model(options, overrides, context);
  if (contrasts_of(loaded.study, loaded.setting).empty()) {
    print_stderr(fmt::format("{}note: {}\n", place, no_contrast(loaded)));
  }
  if (const std::string note = judges_note(loaded.study); !note.empty()) {
    print_stderr(fmt::format("{}{}\n", place, note));
  }
  auto model = open_model(loaded.study.model, {.organisms = context.data / "organisms",
                                               .threads = threads,
                                               .endpoint = options.endpoints.subject});
  report_notes(*model, place);
  Subject subject{model->info().name, model->info().identity};
  const std::string id =
      run_id(loaded.study, subject, study_hash(loaded.study, loaded.setting, subject));
  if (!options.fresh) refuse_changed_study(options.runs.folder, loaded, overrides, id);
  const bool limited = options.budget.limits.any();
  if (!limited) {
    budget.count_earlier(spent_in(run_folder(options.runs.folder, id, options.fresh), prices));
  }
  if (limited || is_endpoint(loaded.study.model)) {
    auto price = prices.of(loaded.study.model);
    model = std::make_unique<BudgetedModel>(std::move(model), budget, price);
  }
  auto opened = open_judges(loaded.study.judges,
                            {.name = loaded.study.judge_model,
                             .threads = threads,
                             .endpoint = options.endpoints.judges,
                             .budget = &budget,
                             .prices = &prices},
                            context);
  for (const auto& judging : opened.models) report_notes(*judging, place);
  const auto report_all_trouble = [&] {
    report_trouble("subject", *model);
    for (const auto& judging : opened.models) report_trouble("judges' model", *judging);
  };
  RunResult result;
  try {
    ProgressLine line(clock);
    result = run_study(
        loaded, *model, opened.judges,
        {.runs = options.runs.folder,
         .fresh = options.fresh,
         .reuse = options.reuse,
         .judge_errors = known_judge_errors(context.data, options.runs.folder),
         .check = check_of(loaded, subject, options.checks, place),
         .no_more = interrupt.no_more(),
         .at_once = interrupt.at_once(),
         .on_progress = [&](const RunProgress& p) { line.show(place + progress_text(p)); },
         .on_judging = [&](const JudgingProgress& p) { line.show(place + judging_text(p)); },
         .budget = &budget,
         .prices = &prices,
         .on_notice = [&](const std::string& notice) { line.interrupt(place + notice); },
         .on_mismatches = mismatch_printer(options)},
        clock);
  } catch (const Error&) {
    report_all_trouble();
    throw;
  }
  if (result.resumed > 0) {
    print_stderr(fmt::format("resumed {}: {} {} already stored (--new starts another run)\n",
                             result.folder.string(), result.resumed,
                             result.resumed == 1 ? "completion was" : "completions were"));
  }
  report_more_than_planned(result);
  if (!options.reuse.empty()) {
    print_stderr(fmt::format("took {} completion{} from other runs (--reuse)\n", result.reused,
                             result.reused == 1 ? "" : "s"));
  }
  report_logprobs(result);
  report_unjudged(result.grading_totals, result.grading);
  report_all_trouble();
  return result;
}

int exit_code_of(const RunResult& result) {
  if (result.interrupted) return kInterrupted;
  return shortfalls(result).empty() ? kDone : kIncomplete;
}

namespace {

struct RunArguments {
  StudyOptions study;
  ThreadsOption threads;
  bool dry_run = false;
};

int run_command(const RunArguments& arguments, const Context& context) {
  const StudyOptions& options = arguments.study;
  if (arguments.dry_run) return print_plan(options, {}, context);
  InterruptGuard interrupt;
  SystemClock clock;
  const PriceTable prices = options.budget.load_prices(context);
  auto each = overrides_per_model(options, context);
  Budget budget(options.budget.limits, clock, spent_before(options, context, prices, each));
  RunSession session{options, arguments.threads.count, context, interrupt, clock, prices, budget};
  if (each.size() > 1) return run_several(session, each);
  RunResult result = run_one(session, each.front(), "");
  const BudgetFigures figures = budget.figures();
  report_usage(result.summary.usage);
  report_budget(figures);
  report_open(result.summary.record, result.limit_met);
  if (result.stopped) {
    const int code = print_failure(*result.stopped);
    report_left(result);
    return code;
  }
  print_result(result.interrupted, [&] { print_summary(result, options, figures); });
  report_left(result);
  report_shortfalls(result, "");
  return exit_code_of(result);
}

void add_options(CLI::App& command, RunArguments& a) {
  a.study.add_to(command);
  a.threads.add_to(command);
  auto* dry_run =
      command.add_flag("--dry-run", a.dry_run, "Print the plan and the prompts. Samples nothing");
  command.add_flag("--probe", a.study.probe, "With --dry-run: the same as for iago plan")
      ->needs(dry_run);
  a.study.endpoints.add_to(command);
  a.study.budget.add_to(command);
  command
      .add_option("--reuse", a.study.reuse,
                  "A run's folder. Take its completions of the same requests, repeats and subject "
                  "instead of sampling them. Repeat it for several runs")
      ->type_name("RUN")
      ->allow_extra_args(false);
  command
      .add_option("--checks", a.study.checks,
                  "The folder of all checks: the newest of this subject is kept with the run")
      ->capture_default_str();
  command.add_flag("--explain-miss", a.study.explain_miss,
                   "Show how requests differ from the nearest ones of --reuse, or of earlier runs "
                   "of the study. With --dry-run, do nothing else");
}

}  // namespace

void add_run(Program& iago) {
  auto [command, a] = iago.add<RunArguments>("run", "Run or resume a study", run_command);
  add_options(command, a);
  command.footer(
      std::string("Examples:\n"
                  "  iago run helpful-only\n"
                  "  iago run studies/helpful-only.toml --model world:aligned --repeats 20\n"
                  "  iago run studies/helpful-only.toml --wording conflict-removed --new --json\n"
                  "  iago run studies/helpful-only.toml --model world:faker --model world:aligned\n"
                  "  iago run studies/helpful-only-full.toml --model openai:gpt-4o --max-cost 20\n"
                  "  iago run helpful-only-full --queries harmful_behaviors.csv --sample 100 "
                  "--model local:FOLDER\n"
                  "  iago run helpful-only-full --queries harmbench_behaviors_text_all.csv --where "
                  "FunctionalCategory=standard --model local:FOLDER\n"
                  "  iago run studies/helpful-only.toml --model organism:faker --logprobs\n"
                  "  iago run studies/helpful-only.toml --model openai:faker --base-url "
                  "http://127.0.0.1:8321/v1\n"
                  "  iago run wider.toml --reuse runs/helpful-only-faker-1a2b3c4d\n"
                  "  iago run wider.toml --reuse runs/latest --explain-miss --dry-run\n"
                  "Run the same command again to resume an interrupted run.\n") +
      exit_help());
}

}  // namespace iago
