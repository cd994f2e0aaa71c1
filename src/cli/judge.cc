// iago judge RUN
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/internal/budget_options.h"
#include "cli/internal/exit_status.h"
#include "cli/internal/interrupt.h"
#include "cli/internal/model_endpoints.h"
#include "cli/internal/open_judges.h"
#include "cli/internal/output_option.h"
#include "cli/internal/program.h"
#include "cli/internal/progress.h"
#include "cli/internal/session_report.h"
#include "cli/internal/streams.h"
#include "cli/internal/threads_option.h"
#include "cli/progress_text.h"
#include "figures/run_judges.h"
#include "figures/terminal.h"
#include "run/rejudge.h"
#include "spend/forecast.h"
#include "text/printable.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

struct JudgeArguments {
  fs::path run = "runs/latest";
  std::vector<std::string> judges;  // the run's own if empty
  bool all_reasoning = false;
  std::string judge_model;  // of judges that ask a model and name none
  ThreadsOption threads;
  ModelEndpoints endpoints;  // there is no subject: the judges' alone
  BudgetOptions budget;
  OutputOption output;
};

// The report goes by the judges of the plan of analysis. Another one counts only where it is named.
void tell_how_to_count(const RejudgeResult& result, const fs::path& run) {
  for (const RunJudge& judge : run_judges(Store(run / "run.db"))) {
    const bool is_countable =
        judge.row.kind == JudgeKind::compliance || judge.row.kind == JudgeKind::faking_reasoning;
    const bool was_asked = std::ranges::count(result.judges, judge.row.hash, &Rejudged::hash) > 0;
    if (judge.counts || !was_asked || !is_countable) continue;
    print_stderr(
        fmt::format("{} is not the judge that the figures below count; to count it: iago "
                    "report {} --judge {:.8}\n",
                    printable(judge.row.name, 80), run.string(), judge.row.hash));
  }
}

void print_rejudged(const RejudgeResult& result, const fs::path& run) {
  for (const Rejudged& judge : result.judges) {
    const std::string left =
        judge.waiting > 0 ? fmt::format(", {} left", grouped(judge.waiting)) : "";
    print_stderr(fmt::format(
        "{} ({:.8}{}): {}{}\n", judge.name, judge.hash, judge.is_new ? ", new to this run" : "",
        judge.judged == 0 && judge.waiting == 0 ? "nothing is left to judge"
                                                : grouped(judge.judged) + " judged now",
        left));
  }
  tell_how_to_count(result, run);
  fmt::print("{}",
             terminal_table(result.summary, {.colour = wants_colour(1) ? Colour::on : Colour::off,
                                             .width = terminal_width(1),
                                             .folder = run}));
}

// The run's own judges are opened by their names, and a name says neither the URL nor the key of a
// model: what answers now may be another's. So a model is asked as it was, or because it was named.
void refuse_other_versions(const std::vector<std::unique_ptr<Judge>>& judges, const fs::path& run) {
  auto stored = Store(run / "run.db").judges();
  for (const auto& judge : judges) {
    const JudgeInfo& info = judge->info();
    if (info.requests == 0) continue;
    if (std::ranges::count(stored, info.hash, &JudgeRow::hash) > 0) continue;
    throw Error(
        ErrorCode::invalid,
        fmt::format("{}: {} is not the version that judged this run: its rubric, its model's URL, "
                    "its model's bytes or this program has changed",
                    run.string(), info.name),
        "use its model's earlier URL (--base-url), or judge with the new version: --judge NAME");
  }
}

// The subject was asked by `iago run`, which said what that cost.
std::vector<ModelUsage> judges_of(std::vector<ModelUsage> usages) {
  std::erase_if(usages, [](const ModelUsage& usage) { return usage.judge.empty(); });
  return usages;
}

int judge_command(const JudgeArguments& arguments, const Context& context) {
  InterruptGuard interrupt;
  auto names = arguments.judges.empty() ? judge_names(arguments.run) : arguments.judges;
  SystemClock clock;
  const PriceTable prices = arguments.budget.load_prices(context);
  const fs::path folder = fs::weakly_canonical(arguments.run);
  Budget budget(arguments.budget.limits, clock, spent_on_judges_in(folder, prices));
  check_judge_models(names, arguments.judge_model, arguments.budget.limits, budget.spent(), prices,
                     context);
  auto opened = open_judges(names,
                            {.name = arguments.judge_model,
                             .threads = arguments.threads.count,
                             .endpoint = arguments.endpoints.judges,
                             .budget = &budget,
                             .prices = &prices,
                             .counts_local = false},
                            context);
  for (const auto& judging : opened.models) report_notes(*judging, "");
  if (arguments.judges.empty()) refuse_other_versions(opened.judges, arguments.run);
  RejudgeResult result;
  {
    ProgressLine line(clock);
    result =
        rejudge(arguments.run, opened.judges,
                {.judge_errors = known_judge_errors(context.data, folder.parent_path()),
                 .reasoning = arguments.all_reasoning ? ReasoningOf::all : ReasoningOf::complying,
                 .stop = interrupt.no_more(),
                 .prices = &prices,
                 .on_progress = [&](const JudgingProgress& p) { line.show(judging_text(p)); },
                 .budget = &budget},
                clock);
  }
  report_usage(judges_of(result.summary.usage));
  report_budget(budget.figures());
  result.budget = budget_report(budget.figures());
  for (const auto& judging : opened.models) report_trouble("judges' model", *judging);
  print_result(result.interrupted, [&] {
    if (arguments.output.json) {
      fmt::print("{}\n", dump_json(to_json(result), 2));
    } else {
      print_rejudged(result, arguments.run);
    }
  });
  if (result.interrupted) {
    print_stderr("interrupted; run the same command to resume\n");
    return kInterrupted;
  }
  std::vector<GradingTotals> stored;
  std::vector<GradingCount> counts;
  for (const Rejudged& judge : result.judges) {
    stored.push_back(judge.stored);
    counts.push_back(judge.count);
  }
  return report_unjudged(stored, counts) || !budget.met().empty() ? kIncomplete : kDone;
}

}  // namespace

void add_judge(Program& iago) {
  auto [command, a] = iago.add<JudgeArguments>(
      "judge", "Judge a run again, validate judges, or compare two", judge_command);
  command.add_option("run", a.run, "The run's folder")->capture_default_str();
  command
      .add_option("--judge", a.judges,
                  "A rule judge, a rubric's name or its .toml file; NAME@MODEL also names its "
                  "model. Repeat it for several (default: the run's own judges)")
      ->allow_extra_args(false);
  command.add_option("--judge-model,--model", a.judge_model, "Default model for judges");
  command.add_flag("--all-reasoning", a.all_reasoning,
                   "Ask models about the reasoning of every answer, not only of those that comply");
  a.threads.add_to(command);
  a.endpoints.add_judges_to(command);
  a.budget.add_to(command);
  a.output.add_to(command);
  command.footer(
      "Judges every stored completion that a current judge has not judged yet. Samples nothing and "
      "keeps older verdicts.\n"
      "Examples:\n"
      "  iago judge runs/latest\n"
      "  iago judge runs/latest --judge faking-four-criteria --model scripted:judge.jsonl\n"
      "  iago judge runs/latest --judge compliance-yesno --model openai:NAME --base-url "
      "http://127.0.0.1:8000/v1 --max-tokens 1000000\n"
      "  iago report runs/latest --judge compliance-yesno     # counts it\n"
      "  iago judge validate world:faker\n"
      "  iago judge diff runs/latest");
}

}  // namespace iago
