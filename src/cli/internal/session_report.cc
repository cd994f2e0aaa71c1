#include "cli/internal/session_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/model_name.h"
#include "cli/internal/exit_status.h"
#include "cli/internal/streams.h"
#include "cli/progress_text.h"
#include "figures/figure_text.h"
#include "run/shortfall.h"
#include "text/printable.h"

namespace iago {

namespace {

std::string cost_text(const Spent& spent, const PriceTable& prices) {
  if (spent.unpriced_tokens > 0 && spent.cost == 0) {
    return fmt::format("at an unknown cost ({} has no price for the model)", prices.source());
  }
  const bool is_part = spent.unpriced_tokens > 0 || spent.usage.uncounted > 0;
  std::string text = fmt::format("{}${:.4f} at the prices of {}", is_part ? "at least " : "",
                                 spent.cost, prices.date());
  if (spent.unpriced_tokens > 0) {
    text += fmt::format(" ({} of the tokens have no price)", spent.unpriced_tokens);
  }
  return text;
}

std::string spent_text(const Spent& spent, const PriceTable& prices) {
  const TokenUsage& usage = spent.usage;
  const double cached = usage.prompt > 0 ? 100.0 * static_cast<double>(usage.cached_prompt) /
                                               static_cast<double>(usage.prompt)
                                         : 0;
  const bool is_priced = spent.unpriced_tokens == 0 || spent.cost > 0;
  return fmt::format(
      "spent: {}{} prompt tokens ({:.0f} % from the cache) and {} generated, {}{}\n",
      usage.uncounted > 0 ? "at least " : "", grouped(usage.prompt), cached,
      grouped(usage.generated), cost_text(spent, prices),
      is_priced ? fmt::format("; the cache saved ${:.4f}", spent.saved_by_cache) : std::string());
}

}  // namespace

void report_logprobs(const RunResult& result) {
  const std::uint64_t here = result.replies_without_logprobs;
  if (here > 0) {
    print_stderr(fmt::format(
        "note: {} of this session's replies came without log-probabilities (logprobs)\n", here));
  }
  if (result.without_logprobs <= here) return;
  print_stderr(
      fmt::format("note: {} completions that were stored before, or taken from other runs, have no "
                  "log-probabilities (--new samples all again)\n",
                  result.without_logprobs - here));
}

void report_usage(const std::vector<ModelUsage>& usages) {
  for (const ModelUsage& usage : usages) {
    if (!is_endpoint(usage.model) || usage.tokens == TokenUsage{}) continue;
    print_stderr(fmt::format("spent: {}: {}\n",
                             printable(usage.judge.empty() ? usage.model : usage.judge),
                             usage_text(usage)));
  }
}

void report_budget(const BudgetFigures& budget) {
  const Spent& spent = budget.spent;
  const std::string passed = budget.passed();
  if (const std::uint64_t uncounted = spent.usage.uncounted; uncounted > 0) {
    std::string text = fmt::format("{} {} came without a count of tokens", uncounted,
                                   uncounted == 1 ? "reply" : "replies");
    if (budget.limits.any()) {
      text += fmt::format("; the limits count what they may have used: {} tokens, ${:.4f}",
                          spent.assumed_tokens, spent.assumed_cost);
    }
    print_stderr(text + "\n");
  }
  if (const Overruns& over = budget.overruns; over.replies > 0) {
    print_stderr(fmt::format(
        "{} {} took more tokens than max_tokens allows, up to {} instead of {}: the server "
        "ignores the limit, or counts reasoning on top of it\n",
        over.replies, over.replies == 1 ? "reply" : "replies", over.most, over.limit));
  }
  if (!passed.empty()) print_stderr(fmt::format("warning: {}\n", passed));
  if (!budget.met.empty()) print_stderr(fmt::format("the budget ended the run: {}\n", budget.met));
}

bool report_spent(const BudgetFigures& budget, const PriceTable& prices) {
  const Spent& spent = budget.spent;
  const bool has_sum = spent.cost > 0 || spent.usage.cached_prompt > 0 ||
                       spent.usage.uncounted > 0 || spent.unpriced_tokens > 0 ||
                       !budget.met.empty() || !budget.passed().empty();
  if (has_sum) print_stderr(spent_text(spent, prices));
  report_budget(budget);
  return has_sum;
}

std::optional<BudgetReport> budget_report(const BudgetFigures& budget) {
  if (!budget.limits.any()) return std::nullopt;
  const Spent& spent = budget.spent;
  return BudgetReport{.max_cost = budget.limits.max_cost,
                      .max_tokens = budget.limits.max_tokens,
                      .max_seconds = budget.limits.max_seconds,
                      .cost = spent.cost,
                      .tokens = spent.tokens(),
                      .assumed_cost = spent.assumed_cost,
                      .assumed_tokens = spent.assumed_tokens,
                      .uncounted_replies = spent.usage.uncounted,
                      .unpriced_tokens = spent.unpriced_tokens,
                      .overlong_replies = budget.overruns.replies,
                      .longest_reply = budget.overruns.most,
                      .ended_by = budget.met,
                      .passed = budget.passed()};
}

void report_open(const RunRecord& record, const std::string& limit) {
  if (!limit.empty()) print_stderr(fmt::format("{}\n", printable(limit, 2000)));
  for (const OpenLine& line : open_lines(record.open)) {
    print_stderr(fmt::format("open, {}: {}\n", readable(line.cause), line.text));
  }
}

void report_left(const RunResult& result) {
  if (result.left == 0) return;
  const std::size_t stored = result.planned - result.left;
  const std::uint64_t open =
      std::min<std::uint64_t>(result.summary.record.open_trials(), result.left);
  std::string text = fmt::format("{}{} of {} trials {} stored, {} {} left",
                                 result.interrupted ? "interrupted: " : "", grouped(stored),
                                 grouped(result.planned), stored == 1 ? "is" : "are",
                                 grouped(result.left), result.left == 1 ? "is" : "are");
  if (open > 0) text += fmt::format(" ({} asked without a reply)", grouped(open));
  text +=
      result.stopped ? ": once the cause is gone, run the same command" : ": run the same command";
  if (!result.budget_met.empty()) text += " with a higher limit";
  text += " to resume";
  if (open > 0) text += "; iago show --open lists the open ones";
  print_stderr(text + "\n");
}

void report_shortfalls(const RunResult& result, const std::string& place) {
  if (result.interrupted) return;
  std::string text;
  for (Shortfall shortfall : shortfalls(result)) {
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", name_of(shortfall),
                        sentence_of(shortfall));
  }
  if (!text.empty()) {
    print_stderr(fmt::format("{}incomplete (exit status {}): {}\n", place,
                             static_cast<int>(kIncomplete), text));
  }
}

void report_more_than_planned(const RunResult& result) {
  std::size_t stored = 0;
  for (const WordingSummary& wording : result.summary.wordings) {
    for (const ArmSummary& arm : wording.arms) stored += arm.completed();
  }
  const std::size_t of_plan = result.planned - result.left;
  if (stored <= of_plan) return;
  print_stderr(
      fmt::format("note: the run has {} completions, {} more than this command plans (of other "
                  "repeats, queries, arms or wordings); the figures count them all\n",
                  count(stored), count(stored - of_plan)));
}

void report_notes(const ChatModel& model, const std::string& place) {
  const std::string name = model.info().name;
  if (!name.starts_with("local:")) return;
  const auto record = model.sent_record();
  for (const std::string& note : record ? record->notes : std::vector<std::string>()) {
    print_stderr(fmt::format("{}{}: {}\n", place, printable(name), printable(note, 400)));
  }
}

void report_trouble(std::string_view whose, const ChatModel& model) {
  const auto figures = model.endpoint_figures();
  const std::string text = figures ? trouble_text(*figures) : std::string();
  if (text.empty()) return;
  print_stderr(fmt::format("{} {}: {}\n", whose, printable(model.info().name), text));
}

bool report_unjudged(const std::vector<GradingTotals>& stored,
                     const std::vector<GradingCount>& now) {
  constexpr std::size_t kShown = 400;
  bool badly = false;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    badly = badly || stored[i].judged_badly();
    if (now[i].unquoted > 0) {
      print_stderr(fmt::format(
          "{}: {} of {} answers \"yes\" came without words of the text that show it, and count as "
          "no\n",
          printable(stored[i].judge, kShown), now[i].unquoted, now[i].yes_to_quote));
    }
    if (stored[i].without_label == 0) continue;
    const GradingCount& count = now[i];
    print_stderr(
        fmt::format("{}: {} of {} answers {} no label; of {} judged now, {} gave an unreadable "
                    "reply, {} a refusal and {} failed\n",
                    printable(stored[i].judge, kShown), stored[i].without_label, stored[i].answered,
                    stored[i].without_label == 1 ? "has" : "have", count.given(), count.unparsable,
                    count.refused, count.failed));
    if (count.failed == 0) continue;
    print_stderr(fmt::format("  first failure: {} {}\n  iago judge RUN tries again\n",
                             printable(count.first_failure, kShown),
                             printable(count.hint, kShown)));
  }
  return badly;
}

}  // namespace iago
