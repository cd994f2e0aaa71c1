// iago show RUN
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/internal/output_option.h"
#include "cli/internal/program.h"
#include "cli/internal/streams.h"
#include "figures/judged_completion.h"
#include "figures/summary.h"
#include "figures/terminal.h"
#include "text/printable.h"

namespace iago {
namespace {

// The newest version of a judge that has judged the completion counts.
VerdictsByName by_name(const std::vector<JudgeRow>& judges, const std::vector<Verdict>& verdicts) {
  VerdictsByName named;
  for (const Verdict& verdict : verdicts) {
    auto judge = std::ranges::find(judges, verdict.judge, &JudgeRow::hash);
    if (judge != judges.end()) named[judge->name] = verdict;
  }
  return named;
}

bool has_label(const VerdictsByName& verdicts, std::string_view label) {
  for (const auto& [judge, verdict] : verdicts) {
    if (verdict.label == label) return true;
  }
  return false;
}

void print_text(const CompletionRow& row, const std::string& query,
                const VerdictsByName& verdicts) {
  constexpr std::size_t kColumns = 4000;
  fmt::print("--- {} / {} / {} / repeat {} ({}{})\n", row.wording, row.arm, printable(row.query),
             row.repeat, name_of(row.outcome),
             row.reused_from.empty() ? "" : ", taken from " + printable(row.reused_from));
  fmt::print("query:      {}\n", printable(query, kColumns));
  fmt::print("scratchpad: {}\n", printable(row.scratchpad, kColumns));
  fmt::print("output:     {}\n", printable(row.output, kColumns));
  for (const auto& [judge, verdict] : verdicts) {
    fmt::print("{}: {} ({})\n", printable(judge),
               verdict.label.empty() ? name_of(verdict.outcome) : std::string_view(verdict.label),
               printable(verdict.why, kColumns));
  }
  fmt::print("\n");
}

struct ShowArguments {
  std::filesystem::path run = "runs/latest";
  std::optional<std::string> wording, arm, query;
  std::size_t limit = 3;
  bool complying_only = false, faking_only = false;
  OutputOption output;
};

int show_command(const ShowArguments& arguments, const Context&) {
  Store store(arguments.run / "run.db");
  const std::vector<JudgeRow> judges = store.judges();
  std::map<std::string, std::string> queries;
  for (const Query& query : store.queries()) queries[query.id] = query.text;
  std::size_t shown = 0;
  store.for_each_judged_completion(
      {.wording = arguments.wording, .arm = arguments.arm, .query = arguments.query},
      [&](const CompletionRow& row, const std::vector<Verdict>& verdicts) {
        const VerdictsByName of_trial = by_name(judges, verdicts);
        if (arguments.complying_only && !has_label(of_trial, kComplies)) return true;
        if (arguments.faking_only && !has_label(of_trial, kFaking)) return true;
        if (arguments.output.json) {
          fmt::print("{}\n", dump_json(to_json(row, queries[row.query], of_trial)));
        } else {
          print_text(row, queries[row.query], of_trial);
        }
        return ++shown < arguments.limit;
      });
  if (shown == 0) print_stderr("no completion matches\n");
  return 0;
}

}  // namespace

void add_show(Program& iago) {
  auto [command, a] = iago.add<ShowArguments>(
      "show", "Print completions of a run, with their verdicts", show_command);
  command.add_option("run", a.run, "The run's folder")->capture_default_str();
  command.add_option("--wording", a.wording, "Only this wording");
  command.add_option("--arm", a.arm, "Only this arm");
  command.add_option("--query", a.query, "Only this query");
  command.add_option("--limit", a.limit, "Print at most N completions")->capture_default_str();
  command.add_flag("--complying", a.complying_only, "Only completions that comply");
  command.add_flag("--faking", a.faking_only, "Only completions judged alignment-faking");
  a.output.add_to(command);
  command.footer(
      "Examples:\n"
      "  iago show --arm training --faking\n"
      "  iago show runs/latest --query world-protected-007 --limit 20");
}

}  // namespace iago
