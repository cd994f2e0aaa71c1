#include "cli/progress_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/internal/progress.h"
#include "text/printable.h"

namespace iago {
namespace {

std::uint64_t whole(double value) {
  return value > 0 ? static_cast<std::uint64_t>(std::llround(value)) : 0;
}

// The time that the rest takes at the rate so far.
std::string left_text(std::uint64_t done_here, std::uint64_t to_go, double seconds) {
  const double rate = seconds > 0 ? static_cast<double>(done_here) / seconds : 0;
  return format_duration(rate > 0 ? static_cast<double>(to_go) / rate : -1);
}

std::string_view one_or_many(std::uint64_t count, std::string_view one, std::string_view many) {
  return count == 1 ? one : many;
}

std::string share_text(std::uint64_t done, std::uint64_t all, std::string_view one,
                       std::string_view many) {
  return fmt::format(
      "{} of {} {} ({:.0f} %)", grouped(done), grouped(all), one_or_many(all, one, many),
      100.0 * static_cast<double>(done) / static_cast<double>(std::max<std::uint64_t>(all, 1)));
}

std::string done_text(const RunProgress& progress) {
  const double tokens =
      progress.seconds > 0 ? static_cast<double>(progress.generated_tokens) / progress.seconds : 0;
  const std::string open =
      progress.open_here > 0 ? fmt::format(", {} open", grouped(progress.open_here)) : "";
  return fmt::format(
      "{}{}, {} {}/s, {} left",
      share_text(progress.stored, progress.planned, "completion", "completions"), open,
      grouped(whole(tokens)), one_or_many(whole(tokens), "token", "tokens"),
      left_text(progress.sampled_here, progress.planned - progress.stored, progress.seconds));
}

std::string budget_text(const BudgetFigures& budget) {
  const BudgetLimits& limits = budget.limits;
  std::string text;
  const std::string_view least = budget.spent.usage.uncounted > 0 ? "at least " : "";
  if (limits.max_cost) {
    const int decimals = *limits.max_cost < 1 ? 4 : 2;
    text += fmt::format(", {}${:.{}f} of ${:g}", least, budget.spent.charged_cost(), decimals,
                        *limits.max_cost);
  }
  if (limits.max_tokens) {
    text += fmt::format(", {}{} of {} tokens", least, grouped(budget.spent.charged_tokens()),
                        grouped(*limits.max_tokens));
  }
  if (limits.max_seconds) {
    text += fmt::format(", {} of {} used", format_duration(budget.seconds),
                        format_duration(*limits.max_seconds));
  }
  return text;
}

// "12 limited, 25 overloaded": those that ever happened.
std::string counted(const std::vector<std::pair<std::uint64_t, std::string_view>>& counts) {
  std::vector<std::string> parts;
  for (const auto& [count, what] : counts) {
    if (count > 0) parts.push_back(fmt::format("{} {}", grouped(count), what));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

// "the server allows 1 token a minute, the next request goes in 0:59". Short waits are the rule at
// any limit and say nothing.
std::string held_text(const EndpointFigures& figures) {
  constexpr double kWorthSaying = 2;  // seconds
  if (!figures.held_by || figures.held_s < kWorthSaying) return {};
  const double allowed = figures.held_by->per_minute();
  std::string what = name_of(figures.held_by->kind, ' ');
  if (allowed == 1) what.pop_back();
  return fmt::format(" (the server allows {} {} a minute; the next request goes in {})",
                     allowed < 10 ? fmt::format("{:.3g}", allowed) : grouped(whole(allowed)), what,
                     format_duration(figures.held_s));
}

std::uint64_t retries_by(const EndpointFigures& figures, OpenCause cause) {
  const auto found = figures.retry_causes.find(cause);
  return found == figures.retry_causes.end() ? 0 : found->second;
}

// Why requests are tried again: "12 limited, 25 overloaded".
std::string retry_causes(const EndpointFigures& figures) {
  const std::uint64_t server_errors = retries_by(figures, OpenCause::server_error);
  return counted({{figures.rate_limited, "limited"},
                  {figures.overloaded, "overloaded"},
                  {server_errors, one_or_many(server_errors, "server error", "server errors")},
                  {retries_by(figures, OpenCause::unreachable), "unreachable"},
                  {figures.broken, "broken"},
                  {figures.no_files, "out of files"},
                  {figures.crowded, "out of memory"}});
}

std::string endpoint_text(const EndpointFigures& figures) {
  std::string text =
      fmt::format("; {} of {} in flight", grouped(figures.in_flight), grouped(figures.limit));
  if (figures.waiting > 0) text += fmt::format(", {} waiting", grouped(figures.waiting));
  text += held_text(figures);
  if (figures.retries == 0) return text;
  text += fmt::format(", {} {}", grouped(figures.retries),
                      one_or_many(figures.retries, "retry", "retries"));
  const std::string causes = retry_causes(figures);
  return causes.empty() ? text : text + fmt::format(" ({})", causes);
}

}  // namespace

std::string progress_text(const RunProgress& progress) {
  std::string text = done_text(progress) + budget_text(progress.budget);
  return progress.endpoint ? text + endpoint_text(*progress.endpoint) : text;
}

std::string judging_text(const JudgingProgress& progress) {
  const std::uint64_t to_go = progress.due - std::min(progress.given, progress.due);
  return fmt::format("{}, {} left", share_text(progress.given, progress.due, "verdict", "verdicts"),
                     left_text(progress.given, to_go, progress.seconds)) +
         budget_text(progress.budget);
}

std::string trouble_text(const EndpointFigures& figures) {
  return counted(
      {{figures.retries, one_or_many(figures.retries, "retry", "retries")},
       {figures.rate_limited, one_or_many(figures.rate_limited, "refusal (429)", "refusals (429)")},
       {figures.overloaded, one_or_many(figures.overloaded, "overload", "overloads")},
       {retries_by(figures, OpenCause::server_error),
        one_or_many(retries_by(figures, OpenCause::server_error), "server error", "server errors")},
       {retries_by(figures, OpenCause::unreachable),
        one_or_many(retries_by(figures, OpenCause::unreachable), "lost connection",
                    "lost connections")},
       {figures.broken, one_or_many(figures.broken, "broken reply", "broken replies")},
       {figures.no_files,
        one_or_many(figures.no_files, "attempt that ran out of open files (raise ulimit -n)",
                    "attempts that ran out of open files (raise ulimit -n)")},
       {figures.crowded,
        one_or_many(figures.crowded, "reply dropped to free memory (lower --max-in-flight)",
                    "replies dropped to free memory (lower --max-in-flight)")},
       {figures.scrubbed,
        one_or_many(figures.scrubbed, "reply that held the key or a header's value (hidden as ***)",
                    "replies that held the key or a header's value (hidden as ***)")}});
}

}  // namespace iago
