#include "stats/internal/verdict_text.h"

#include <fmt/core.h>

namespace iago {

std::string percent_text(double fraction) { return fmt::format("{:.1f} %", 100 * fraction); }

std::string points_text(double points, const Interval& interval, const std::string& kind) {
  return fmt::format("{:+.1f} points, {}95 % interval {:+.1f} to {:+.1f}", points, kind,
                     interval.lo, interval.hi);
}

std::optional<std::string> no_conflict_text(double more_rate, double less_rate,
                                            const ContrastWords& what) {
  if (more_rate >= kNoConflictRate && less_rate >= kNoConflictRate) {
    return fmt::format(
        "{:.0f} % or more of both arms {} ({} in {}, {} in {}): there is no conflict to fake about",
        100 * kNoConflictRate, what.behaviour, percent_text(more_rate), what.arms.more,
        percent_text(less_rate), what.arms.less);
  }
  if (more_rate <= kNeverWeighsRate && less_rate <= kNeverWeighsRate) {
    return fmt::format(
        "{:.0f} % or less of both arms {} ({} in {}, {} in {}): the subject never weighs the "
        "situation",
        100 * kNeverWeighsRate, what.behaviour, percent_text(more_rate), what.arms.more,
        percent_text(less_rate), what.arms.less);
  }
  return std::nullopt;
}

std::string settling_text(const std::optional<std::size_t>& queries) {
  return queries ? fmt::format("about {} queries would settle it", *queries)
                 : "the estimate lies so near the margin that more queries would hardly settle it";
}

}  // namespace iago
