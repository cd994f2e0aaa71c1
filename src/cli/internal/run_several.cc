// iago run STUDY with several models: one run after the other, then the comparison
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/json.h"
#include "cli/internal/exit_status.h"
#include "cli/internal/failure.h"
#include "cli/internal/print_comparison.h"
#include "cli/internal/run_session.h"
#include "cli/internal/session_report.h"
#include "cli/internal/streams.h"
#include "figures/comparison.h"
#include "figures/finding_sentence.h"
#include "figures/several_runs.h"
#include "page/page.h"
#include "text/printable.h"

namespace iago {
namespace {

struct Progress {
  std::vector<RunResult> results;
  std::vector<FailedModel> failed;
  int worst = 0;
};

void print_result_line(const std::string& place, const RunResult& result) {
  const Summary& summary = result.summary;
  auto gap = summary.gap() ? fmt::format(", {:.1f} points", summary.gap()->points) : std::string();
  print_stderr(fmt::format("{}{}{}, {}\n", place, verdict_word(summary), gap,
                           printable(result.folder.string(), 1000)));
}

void run_next(const RunSession& session, const StudyOverrides& overrides, const std::string& place,
              Progress& runs) {
  try {
    RunResult result = run_one(session, overrides, place);
    if (!result.stopped) print_result_line(place, result);
    report_open(result.summary.record, result.limit_met);
    report_left(result);
    if (result.stopped) throw *result.stopped;
    report_shortfalls(result, place);
    runs.worst = worse_status(runs.worst, exit_code_of(result));
    runs.results.push_back(std::move(result));
  } catch (const std::exception& error) {
    print_stderr(fmt::format("{}failed\n", place));
    runs.worst = worse_status(runs.worst, print_failure(error));
    runs.failed.push_back({*overrides.model, error.what()});
  }
}

std::optional<Comparison> comparison_of(const Progress& runs) {
  if (runs.results.empty()) return std::nullopt;
  std::vector<std::filesystem::path> folders;
  for (const auto& result : runs.results) folders.push_back(result.folder);
  return compare_runs(folders);
}

// Beside the runs' folders, replaced each time.
void write_page(const Comparison& comparison, const std::filesystem::path& runs) {
  const std::string& study = comparison.runs.front().summary.run.study;
  auto file = runs / (study + "-comparison.html");
  write_file(file, html_page(comparison));
  print_stderr(fmt::format("report page: {}\n", file.string()));
}

void print_json(const Progress& runs, const std::optional<Comparison>& comparison,
                const BudgetFigures& budget) {
  SeveralRuns several{
      .runs = {}, .failed = runs.failed, .comparison = comparison, .budget = budget_report(budget)};
  for (const RunResult& result : runs.results) {
    several.runs.push_back({result.summary, result.mismatches});
  }
  fmt::print("{}\n", dump_json(to_json(several), 2));
}

}  // namespace

int run_several(const RunSession& session, const std::vector<StudyOverrides>& each) {
  Progress runs;
  const Budget& budget = session.budget;
  std::size_t i = 0;
  for (; i < each.size() && runs.worst != kInterrupted && budget.met().empty(); ++i) {
    auto place = fmt::format("{}, {} of {}: ", printable(*each[i].model, 60), i + 1, each.size());
    run_next(session, each[i], place, runs);
    if (session.interrupt.interrupted() && i + 1 < each.size()) runs.worst = kInterrupted;
  }
  for (const RunResult& result : runs.results) report_usage(result.summary.usage);
  report_budget(budget.figures());
  if (!budget.met().empty()) {
    runs.worst = worse_status(runs.worst, kIncomplete);
    if (i < each.size()) {
      print_stderr(fmt::format("{} of {} models were not started\n", each.size() - i, each.size()));
    }
  }
  auto comparison = comparison_of(runs);
  print_result(runs.worst == kInterrupted, [&] {
    if (session.options.output.json) {
      print_json(runs, comparison, budget.figures());
    } else if (comparison) {
      print_comparison(*comparison, "text");
    }
  });
  if (comparison) write_page(*comparison, session.options.runs.folder);
  if (runs.worst == kInterrupted) {
    print_stderr("interrupted; run the same command to resume\n");
  } else if (!runs.failed.empty()) {
    print_stderr(fmt::format("{} of {} models failed; run the same command to try them again\n",
                             runs.failed.size(), each.size()));
  }
  return runs.worst;
}

}  // namespace iago
