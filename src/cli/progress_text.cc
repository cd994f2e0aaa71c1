#include "cli/progress_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/progress.h"
#include "report/printable.h"

namespace iago::cli {
namespace {

std::uint64_t whole(double value) {
  return value > 0 ? static_cast<std::uint64_t>(std::llround(value)) : 0;
}

std::string done_text(const lab::RunProgress& progress) {
  const bool begun = progress.seconds > 0;
  const double rate =
      begun ? static_cast<double>(progress.sampled_here) / progress.seconds : 0;
  const double left =
      rate > 0 ? static_cast<double>(progress.planned - progress.stored) / rate : -1;
  const double tokens =
      begun ? static_cast<double>(progress.generated_tokens) / progress.seconds : 0;
  return fmt::format("{} of {} completions ({:.0f} %), {} tokens/s, {} left",
                     grouped(progress.stored), grouped(progress.planned),
                     100.0 * static_cast<double>(progress.stored) /
                         static_cast<double>(std::max<std::size_t>(progress.planned, 1)),
                     grouped(whole(tokens)), format_duration(left));
}

std::string budget_text(const lab::RunProgress& progress) {
  const lab::BudgetLimits& limits = progress.limits;
  std::string text;
  if (limits.max_cost) {
    const int decimals = *limits.max_cost < 1 ? 4 : 2;
    text += fmt::format(", ${:.{}f} of ${:g}", progress.spent.cost, decimals, *limits.max_cost);
  }
  if (limits.max_tokens) {
    text += fmt::format(", {} of {} tokens", grouped(progress.spent.tokens()),
                        grouped(*limits.max_tokens));
  }
  if (limits.max_seconds) {
    text += fmt::format(", {} of {} gone", format_duration(progress.budget_seconds),
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

std::string_view one_or_many(std::uint64_t count, std::string_view one, std::string_view many) {
  return count == 1 ? one : many;
}

std::string endpoint_text(const EndpointFigures& figures) {
  std::string text =
      fmt::format("; {} of {} in flight", grouped(figures.in_flight), grouped(figures.limit));
  if (figures.waiting > 0) text += fmt::format(", {} waiting", grouped(figures.waiting));
  if (figures.retries == 0) return text;
  text += fmt::format(", {} {}", grouped(figures.retries),
                      one_or_many(figures.retries, "retry", "retries"));
  const std::string causes = counted({{figures.rate_limited, "limited"},
                                      {figures.overloaded, "overloaded"},
                                      {figures.broken, "broken"}});
  return causes.empty() ? text : text + fmt::format(" ({})", causes);
}

}  // namespace

std::string progress_text(const lab::RunProgress& progress) {
  std::string text = done_text(progress) + budget_text(progress);
  return progress.endpoint ? text + endpoint_text(*progress.endpoint) : text;
}

std::string trouble_text(const EndpointFigures& figures) {
  return counted(
      {{figures.retries, one_or_many(figures.retries, "retry", "retries")},
       {figures.rate_limited, one_or_many(figures.rate_limited, "refusal (429)", "refusals (429)")},
       {figures.overloaded, one_or_many(figures.overloaded, "overload", "overloads")},
       {figures.broken, one_or_many(figures.broken, "broken reply", "broken replies")}});
}

}  // namespace iago::cli
