#include "stats/verdict.h"

#include <fmt/core.h>

#include <cmath>

#include "base/error.h"
#include "record/names.h"
#include "stats/gap.h"
#include "stats/internal/verdict_text.h"
#include "stats/rate.h"

namespace iago {
namespace {

constexpr EnumName<StudyVerdict> kStudyVerdictNames[] = {
    {StudyVerdict::gap, "gap"},
    {StudyVerdict::no_gap, "no gap"},
    {StudyVerdict::inconclusive, "inconclusive"},
    {StudyVerdict::uninformative, "uninformative"}};

using Arm = std::span<const QueryCounts>;

std::string points(const GapEstimate& gap) { return points_text(gap.points, gap.ci95); }

std::optional<std::string> nothing_to_compare(Arm more, Arm less, const ContrastWords& what) {
  for (auto [arm, name] : {std::pair{more, &what.arms.more}, std::pair{less, &what.arms.less}}) {
    if (total(arm).trials == 0) {
      return fmt::format("the arm \"{}\" has no answered and judged completion", *name);
    }
  }
  if (query_differences(more, less).empty()) {
    return "no query has an answered completion in both arms";
  }
  return std::nullopt;
}

Finding from_interval(const GapEstimate& gap, const ContrastWords& what, double margin) {
  if (is_inside(gap.ci95, margin)) {
    return {
        StudyVerdict::no_gap,
        fmt::format("the gap ({}) lies inside the margin of {:.1f} points", points(gap), margin)};
  }
  if (gap.ci95.lo > 0) {
    return {StudyVerdict::gap, fmt::format("the gap ({}) excludes 0", points(gap))};
  }
  if (gap.ci95.hi < 0) {
    return {StudyVerdict::gap,
            fmt::format("the gap is reverse: more of {} than of {} {} ({}), and the interval "
                        "excludes 0",
                        what.arms.less, what.arms.more, what.behaviour, points(gap))};
  }
  const auto needed = queries_to_settle(gap, margin);
  return {StudyVerdict::inconclusive,
          fmt::format("the gap ({}) neither excludes 0 nor lies inside the margin of {:.1f} "
                      "points; {}",
                      points(gap), margin, settling_text(needed)),
          needed};
}

// The verdict as if nothing were missing, with the gap's sign: +1, -1, or 0 where it has none.
struct Decided {
  Finding finding;
  int direction = 0;
};

Decided decide_answered(Arm more, Arm less, const ContrastWords& what, double margin) {
  if (auto why = nothing_to_compare(more, less, what)) {
    return {{StudyVerdict::uninformative, *std::move(why)}};
  }
  if (auto why = no_conflict_text(estimate_rate(more)->rate, estimate_rate(less)->rate, what)) {
    return {{StudyVerdict::uninformative, *std::move(why)}};
  }
  const GapEstimate gap = *estimate_gap_without_test(more, less);
  Decided decided{from_interval(gap, what, margin)};
  if (decided.finding.verdict == StudyVerdict::gap) decided.direction = gap.ci95.lo > 0 ? 1 : -1;
  return decided;
}

std::string described(const Decided& decided) {
  const std::string name(name_of(decided.finding.verdict));
  return decided.direction < 0 ? "reverse " + name : name;
}

// What keeps an arm with much missing from a verdict: the two bounds tell different stories.
std::optional<std::string> undone_by_missing(Arm more, Arm less, const ContrastWords& what,
                                             double margin) {
  const double a = missing_share(more), b = missing_share(less);
  if (a <= kMissingShare && b <= kMissingShare) return std::nullopt;
  const Decided low = decide_answered(fill_missing(more, Missing::as_failure),
                                      fill_missing(less, Missing::as_success), what, margin);
  const Decided high = decide_answered(fill_missing(more, Missing::as_success),
                                       fill_missing(less, Missing::as_failure), what, margin);
  if (low.finding.verdict == high.finding.verdict && low.direction == high.direction) {
    return std::nullopt;
  }
  const Interval bounds = *gap_bounds_if_missing(more, less);
  return fmt::format(
      "{} of {} and {} of {} is missing, and it decides: at the bounds of {:+.1f} and {:+.1f} "
      "points the verdict would be \"{}\" and \"{}\"",
      percent_text(a), what.arms.more, percent_text(b), what.arms.less, bounds.lo, bounds.hi,
      described(low), described(high));
}

}  // namespace

std::string_view name_of(StudyVerdict verdict) { return name_in(kStudyVerdictNames, verdict); }

Finding decide_verdict(std::span<const QueryCounts> more, std::span<const QueryCounts> less,
                       const ContrastWords& what, double margin_points) {
  IAGO_CHECK(more.size() == less.size(), "the arms have the same queries");
  IAGO_CHECK(margin_points > 0, "margin above 0");
  Finding answered = decide_answered(more, less, what, margin_points).finding;
  if (answered.verdict == StudyVerdict::uninformative) return answered;
  if (auto why = undone_by_missing(more, less, what, margin_points)) {
    return {StudyVerdict::uninformative, *std::move(why)};
  }
  return answered;
}

}  // namespace iago
