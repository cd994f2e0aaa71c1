// iago show RUN
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/ascii.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/nearest.h"
#include "cli/commands.h"
#include "cli/internal/marked_text.h"
#include "cli/internal/output_option.h"
#include "cli/internal/program.h"
#include "cli/internal/progress.h"
#include "cli/internal/streams.h"
#include "figures/battery.h"
#include "figures/disagreement.h"
#include "figures/document_experiment.h"
#include "figures/judged_completion.h"
#include "figures/run_judges.h"
#include "figures/run_record.h"
#include "figures/summary.h"
#include "figures/terminal.h"
#include "text/printable.h"

namespace iago {
namespace {

// The newest version of a judge that has judged the completion counts.
// `only`: of the judge with this hash alone; empty: of all.
VerdictsByName by_name(const std::vector<JudgeRow>& judges, const std::string& only,
                       const std::vector<Verdict>& verdicts) {
  VerdictsByName named;
  for (const Verdict& verdict : verdicts) {
    if (!only.empty() && verdict.judge != only) continue;
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

constexpr std::size_t kColumns = 4000;

// How the reply ended, in the other side's words too, and how it was read.
void print_provenance(const CompletionRow& row) {
  fmt::print("form:       {} ({})\n", name_of(row.form), printable(row.form_rule, 60));
  fmt::print("finish:     {}{}\n", name_of(row.finish),
             row.finish_reason.empty() ? "" : fmt::format(" ({})", printable(row.finish_reason)));
  if (!row.provider_message.empty()) {
    fmt::print("provider:   {}\n", printable(row.provider_message, kColumns));
  }
  if (!row.reasoning_note.empty()) {
    fmt::print("reasoning unavailable: {}\n", printable(row.reasoning_note, kColumns));
  }
  const AnsweringModel model{.version = row.model_version, .fingerprint = row.fingerprint};
  if (!row.model_version.empty()) fmt::print("model:      {}\n", name_of(model));
}

// A text of the subject's. One of several lines stands below its name, its lines as they are.
void print_field(std::string_view name, std::string_view text) {
  if (trimmed(text).find('\n') == text.npos) {
    fmt::print("{:<11} {}\n", name, printable(text, kColumns));
    return;
  }
  std::size_t size = std::min(text.size(), kColumns);
  while (size < text.size() && size > 0 && (text[size] & 0xC0) == 0x80) --size;
  std::string shown = printable_lines(trimmed(text.substr(0, size)));
  for (auto at = shown.find('\n'); at != shown.npos; at = shown.find('\n', at + 1)) {
    shown.insert(at + 1, "  ");
  }
  fmt::print("{}\n  {}{}\n", name, shown, size < text.size() ? "..." : "");
}

void print_text(const CompletionRow& row, const std::string& query,
                const VerdictsByName& verdicts) {
  fmt::print("--- {} / {} / {} / repeat {} ({}{})\n", row.wording, row.arm, printable(row.query),
             row.repeat, name_of(row.outcome),
             row.reused_from.empty() ? "" : ", taken from " + printable(row.reused_from));
  print_provenance(row);
  print_field("query:", query);
  print_field("raw:", row.raw);
  if (!row.reasoning.empty() && row.reasoning != row.scratchpad) {
    print_field("reasoning:", row.reasoning);
  }
  print_field("scratchpad:", row.scratchpad);
  print_field("output:", row.output);
  for (const auto& [judge, verdict] : verdicts) {
    fmt::print("{}: {} ({})\n", printable(judge),
               verdict.label.empty() ? name_of(verdict.outcome) : std::string_view(verdict.label),
               printable(verdict.why, kColumns));
  }
  fmt::print("\n");
}

struct ShowArguments {
  std::filesystem::path run = "runs/latest";
  std::optional<std::string> wording, arm, query, outcome, form;
  std::size_t limit = 3;
  bool complying_only = false, faking_only = false, unclear_only = false, open = false;
  bool judges = false;               // list them instead
  std::optional<std::string> judge;  // its verdicts alone
  OutputOption output;
};

constexpr std::size_t kNamesListed = 20;

// Of many names the nearest and the first are listed.
std::string hint_of(const std::string& name, const std::vector<std::string>& known) {
  if (known.size() <= kNamesListed) return printable(hint_of_names(name, known), kColumns);
  const std::string nearest = nearest_name(name, known);
  const std::vector<std::string> first(known.begin(), known.begin() + kNamesListed);
  return printable(fmt::format("{}Known are: {} and {} more.",
                               nearest.empty() ? "" : fmt::format("Did you mean \"{}\"? ", nearest),
                               fmt::join(first, ", "), known.size() - kNamesListed),
                   kColumns);
}

// Error not_found that lists what the run has, unless the name is among it or absent.
void check_name(std::string_view option, const std::optional<std::string>& name,
                const std::vector<std::string>& known, const ShowArguments& arguments) {
  if (!name || std::ranges::count(known, *name) > 0) return;
  throw Error(ErrorCode::not_found,
              fmt::format("--{}: {} has no {} \"{}\"", option, arguments.run.string(), option,
                          printable(*name)),
              hint_of(*name, known));
}

// The arms of the chosen wording, or of all; each once.
std::vector<std::string> arm_names(const Store& store, const std::optional<std::string>& wording) {
  std::vector<std::string> names;
  for (const ArmRow& arm : store.arms()) {
    if (wording && arm.wording != *wording) continue;
    if (std::ranges::count(names, arm.name) == 0) names.push_back(arm.name);
  }
  return names;
}

CompletionFilter filter_of(const ShowArguments& arguments, const Store& store) {
  std::vector<std::string> wordings, queries;
  for (WordingRow& wording : store.wordings()) wordings.push_back(std::move(wording.name));
  for (Query& query : store.queries()) queries.push_back(std::move(query.id));
  check_name("wording", arguments.wording, wordings, arguments);
  check_name("arm", arguments.arm, arm_names(store, arguments.wording), arguments);
  check_name("query", arguments.query, queries, arguments);
  CompletionFilter filter{
      .wording = arguments.wording, .arm = arguments.arm, .query = arguments.query};
  if (arguments.outcome) filter.outcome = outcome_named(*arguments.outcome);
  if (arguments.form) filter.form = form_named(*arguments.form);
  return filter;
}

template <typename Enums>
std::vector<std::string> names_of(const Enums& values) {
  std::vector<std::string> names;
  for (auto value : values) names.emplace_back(name_of(value));
  return names;
}

void print_open(const OpenTrialRow& row, const OutputOption& output) {
  if (output.json) {
    fmt::print("{}\n", dump_json(to_json(row)));
    return;
  }
  const std::string status = row.status == 0 ? "" : fmt::format(", status {}", row.status);
  fmt::print("--- {} / {} / {} / repeat {}: open, {}{}, asked {} time{}, last at {}\n{}\n\n",
             row.wording, row.arm, printable(row.query), row.repeat, readable(row.cause), status,
             row.attempts, row.attempts == 1 ? "" : "s", iso8601(row.created),
             printable(row.message, 4000));
}

int show_open(const ShowArguments& arguments, const Store& store) {
  std::size_t shown = 0;
  const auto matches = [](const std::optional<std::string>& wanted, const std::string& found) {
    return !wanted || *wanted == found;
  };
  store.for_each_open_trial([&](const OpenTrialRow& row) {
    if (!matches(arguments.wording, row.wording) || !matches(arguments.arm, row.arm) ||
        !matches(arguments.query, row.query)) {
      return true;
    }
    print_open(row, arguments.output);
    return ++shown < arguments.limit;
  });
  if (shown == 0) print_stderr("no open trial matches\n");
  return 0;
}

// Of the whole run: what the completions do not show.
void report_open(const Store& store) {
  for (const OpenLine& line : open_lines(read_open(store, store.arms()))) {
    print_stderr(fmt::format("open, {}: {}\n", readable(line.cause), line.text));
  }
}

int show_judges(const ShowArguments& arguments, const Store& store) {
  const std::vector<RunJudge> judges = run_judges(store);
  fmt::print("{}", arguments.output.json ? dump_json(to_json(judges), 2) + "\n"
                                         : to_text(judges, terminal_width(1)));
  return 0;
}

// What holds several runs shows none of them by itself.
void reject_several_runs(const std::filesystem::path& folder) {
  std::string example;
  if (is_battery(folder)) example = "after/reference";
  if (is_document_experiment(folder)) example = "documents/seed-1/run";
  if (example.empty()) return;
  throw Error(ErrorCode::invalid, fmt::format("{}: expected a run, found several", folder.string()),
              fmt::format("name one of them, such as {}", (folder / example).string()));
}

int show_command(const ShowArguments& arguments, const Context&) {
  reject_several_runs(arguments.run);
  Store store(arguments.run / "run.db");
  if (arguments.open) return show_open(arguments, store);
  if (arguments.judges) return show_judges(arguments, store);
  const std::string only = arguments.judge ? find_judge(store, *arguments.judge).hash : "";
  const CompletionFilter filter = filter_of(arguments, store);
  const std::vector<JudgeRow> judges = store.judges();
  std::map<std::string, std::string> queries;
  for (const Query& query : store.queries()) queries[query.id] = query.text;
  std::size_t shown = 0;
  store.for_each_judged_completion(
      filter, [&](const CompletionRow& row, const std::vector<Verdict>& verdicts) {
        const VerdictsByName of_trial = by_name(judges, only, verdicts);
        if (arguments.complying_only && !has_label(of_trial, kComplies)) return true;
        if (arguments.faking_only && !has_label(of_trial, kFaking)) return true;
        if (arguments.unclear_only && !has_label(of_trial, kUnclear)) return true;
        if (arguments.output.json) {
          fmt::print("{}\n", dump_json(to_json(row, queries[row.query], of_trial)));
        } else {
          print_text(row, queries[row.query], of_trial);
        }
        return ++shown < arguments.limit;
      });
  if (shown == 0) print_stderr("no completion matches\n");
  report_open(store);
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
  command.add_option("--outcome", a.outcome, "Only completions with this outcome")
      ->check(CLI::IsMember(names_of(kOutcomes)));
  command.add_option("--form", a.form, "Only completions written in this form")
      ->check(CLI::IsMember(names_of(kForms)));
  command.add_option("--limit", a.limit, "Print at most N completions")->capture_default_str();
  command.add_flag("--complying", a.complying_only, "Only completions that comply");
  command.add_flag("--faking", a.faking_only, "Only completions judged alignment-faking");
  command.add_flag("--unclear", a.unclear_only, "Only completions that a judge calls unclear");
  command.add_flag("--open", a.open,
                   "Print the trials that were asked and got no reply, with their causes, instead "
                   "of completions");
  command.add_flag("--judges", a.judges,
                   "List the run's judges by name and hash, with what each has judged, instead of "
                   "completions");
  command.add_option("--judge", a.judge,
                     "Only the verdicts of this judge: NAME, the first digits of its hash, or "
                     "NAME@HASH");
  a.output.add_to(command);
  command.footer(
      "Examples:\n"
      "  iago show --arm training --faking\n"
      "  iago show --outcome truncated --limit 10\n"
      "  iago show --unclear --limit 10\n"
      "  iago show --form untagged --json\n"
      "  iago show --open --limit 100\n"
      "  iago show --judges\n"
      "  iago show --judge faking-rules --faking\n"
      "  iago show runs/latest --query world-protected-007 --limit 20");
}

}  // namespace iago
