#include "stats/power.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>

#include "base/error.h"
#include "stats/clustered.h"

namespace iago {
namespace {

struct Expected {
  double spread_more = 0, spread_less = 0;  // of one query's own rate
  double covariance = 0;                    // of one query's two rates
};

// Beta-binomial: a query's propensity varies by rate (1 - rate) correlation around the arm's rate,
// its completions around that.
Expected expected(const StudyPlan& plan, double more_rate) {
  const auto spread = [&plan](double rate, std::size_t repeats) {
    const double within = (1 - plan.query_correlation) / static_cast<double>(repeats);
    return rate * (1 - rate) * (plan.query_correlation + within);
  };
  const auto between = [&plan](double rate) {
    return std::sqrt(rate * (1 - rate) * plan.query_correlation);
  };
  return {spread(more_rate, plan.repeats_more), spread(plan.less_rate, plan.repeats_less),
          plan.arm_correlation * between(more_rate) * between(plan.less_rate)};
}

double standard_error(const StudyPlan& plan, double more_rate) {
  const Expected of = expected(plan, more_rate);
  return std::sqrt((of.spread_more + of.spread_less - 2 * of.covariance) /
                   static_cast<double>(plan.queries));
}

// Those whose two rates are not the same, about: those in which any arm shows its rarer outcome.
double differing_queries(const StudyPlan& plan, double more_rate) {
  const auto none = [](double rate, std::size_t repeats) {
    return std::pow(std::max(rate, 1 - rate), static_cast<double>(repeats));
  };
  return static_cast<double>(plan.queries) *
         (1 - none(more_rate, plan.repeats_more) * none(plan.less_rate, plan.repeats_less));
}

// The study's expected interval, as fractions, had it seen exactly this rate in the arm `more`.
Interval expected_interval(const StudyPlan& plan, double more_rate) {
  const Expected of = expected(plan, more_rate);
  const ClusteredRate a = planned_rate(more_rate, of.spread_more, plan.queries, plan.repeats_more);
  const ClusteredRate b =
      planned_rate(plan.less_rate, of.spread_less, plan.queries, plan.repeats_less);
  const double variance = std::pow(standard_error(plan, more_rate), 2);
  return joined_interval(a, b, {variance, differing_queries(plan, more_rate)});
}

// Smallest x in [lo, hi] with holds(x), for a condition that holds from some point on.
template <typename Condition>
std::optional<double> smallest(double lo, double hi, Condition holds) {
  if (!holds(hi)) return std::nullopt;
  for (int step = 0; step < 60; ++step) {
    const double middle = (lo + hi) / 2;
    (holds(middle) ? hi : lo) = middle;
  }
  return hi;
}

void check(const StudyPlan& plan) {
  IAGO_CHECK(plan.queries > 0 && plan.repeats_more > 0 && plan.repeats_less > 0,
             "a plan with queries and repeats");
  IAGO_CHECK(plan.less_rate >= 0 && plan.less_rate <= 1, "rate in [0, 1]");
  IAGO_CHECK(plan.query_correlation >= 0 && plan.query_correlation <= 1, "correlation in [0, 1]");
  IAGO_CHECK(std::abs(plan.arm_correlation) <= 1, "correlation in [-1, 1]");
}

}  // namespace

std::optional<double> minimal_detectable_gap(const StudyPlan& plan, double power) {
  check(plan);
  IAGO_CHECK(power > 0.5 && power < 1, "power in (0.5, 1)");
  const double base = plan.less_rate;
  const double margin = plan.margin_points / 100;
  // The smallest rate that, once seen, makes the verdict `gap` ...
  const auto seen = smallest(base, 1, [&](double rate) {
    const Interval interval = expected_interval(plan, rate);
    return interval.lo > 0 && interval.hi >= margin;
  });
  if (!seen) return std::nullopt;
  // ... and the smallest true rate from which one at least so high is seen often enough.
  const double reach = boost::math::quantile(boost::math::normal(), power);
  const auto truth = smallest(
      *seen, 1, [&](double rate) { return rate - reach * standard_error(plan, rate) >= *seen; });
  if (!truth) return std::nullopt;
  return 100 * (*truth - base);
}

std::optional<std::size_t> queries_to_settle(const GapEstimate& gap, double margin_points) {
  IAGO_CHECK(margin_points > 0, "margin above 0");
  const double size = std::abs(gap.points);
  if (std::abs(size - margin_points) <= margin_points / 10) return std::nullopt;
  const double below = gap.points - gap.ci95.lo, above = gap.ci95.hi - gap.points;
  const double towards_zero = gap.points >= 0 ? below : above;
  const double away_from_zero = gap.points >= 0 ? above : below;
  // By how much the interval's arms have to shrink for either word; the easier one counts.
  const double for_gap = size / towards_zero;
  const double for_no_gap =
      std::min((margin_points - size) / away_from_zero, (margin_points + size) / towards_zero);
  const double shrink = std::max(for_gap, for_no_gap);
  if (shrink >= 1) return gap.queries;
  const double queries = std::ceil(static_cast<double>(gap.queries) / (shrink * shrink)) + 1;
  return static_cast<std::size_t>(queries);
}

}  // namespace iago
