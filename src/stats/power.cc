#include "stats/power.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>

#include "base/error.h"
#include "stats/clustered.h"
#include "stats/strong_queries.h"

namespace iago {
namespace {

struct Expected {
  double spread_more = 0, spread_less = 0;  // of one query's own rate: its variance
  double covariance = 0;                    // of one query's two rates
  double third = 0;                         // third central moment of their difference
};

// Third central moment of one query's own rate: that of its propensity, that of its completions
// around it, and what the two share.
double third_moment(double rate, double correlation, std::size_t repeats) {
  const double times = static_cast<double>(repeats), lean = 1 - 2 * rate;
  const double variance = rate * (1 - rate) * correlation;
  const double between = 2 * variance * lean * correlation / (1 + correlation);
  const double within = rate * (1 - rate) * lean - 3 * lean * variance + 2 * between;
  return between + 3 * (variance * lean - between) / times + within / (times * times);
}

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
          plan.arm_correlation * between(more_rate) * between(plan.less_rate),
          third_moment(more_rate, plan.query_correlation, plan.repeats_more) -
              third_moment(plan.less_rate, plan.query_correlation, plan.repeats_less)};
}

constexpr double kScatter = 1;  // standard errors: chosen for the power that simulation shows

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
  const double queries = static_cast<double>(plan.queries);
  // The third cumulant that a study sees scatters around the true one (of normal numbers by
  // sqrt(6 / Q) of their variance to the power of 1.5), and the interval takes the wider end.
  const double of_one = variance * queries;
  const double scatter = std::sqrt(6 / queries) * std::pow(of_one, 1.5);
  const double third = (of.third - kScatter * scatter) / (queries * queries);
  const double differing = differing_queries(plan, more_rate);
  return joined_interval(a, b,
                         {.variance = variance,
                          .differing = differing,
                          .deviating = std::min(differing, queries - 1),
                          .third_cumulant = third});
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

double normal_below(double x) { return boost::math::cdf(boost::math::normal(), x); }

// The estimate's standard error and its interval's two distances, as fractions.
struct Precision {
  double error = 0, below = 0, above = 0;
};

Precision precision_of(const StudyPlan& plan, double gap,
                       const std::optional<PlannedGroups>& groups) {
  const double error = standard_error(plan, plan.less_rate + gap);
  const Interval interval = expected_interval(plan, plan.less_rate + gap);
  if (!groups) return {error, gap - interval.lo, interval.hi - gap};
  IAGO_CHECK(groups->groups >= 2, "two groups or more");
  const double count = static_cast<double>(groups->groups);
  const double of_groups = groups->gap_sd_points / kPoints / std::sqrt(count);
  const double both = std::hypot(error, of_groups), half = student_critical(count - 1) * both;
  return {both, std::max(half, gap - interval.lo), std::max(half, interval.hi - gap)};
}

}  // namespace

namespace {

PlannedPower power_by(const StudyPlan& plan, double gap_points,
                      const std::optional<PlannedGroups>& groups) {
  const double gap = gap_points / kPoints, margin = plan.margin_points / kPoints;
  IAGO_CHECK(gap > 0 && plan.less_rate + gap <= 1, "a gap above 0 that the arms can have");
  PlannedPower power;
  const Precision there = precision_of(plan, gap, groups);
  // Seen so high, the interval excludes 0 and leaves the margin.
  const double seen = std::max(there.below, margin - there.above);
  power.gap = there.error > 0 ? normal_below((gap - seen) / there.error) : gap > seen;
  if (may_hide_gap(plan.queries, plan.margin_points)) return power;
  const Precision none = precision_of(plan, 0, groups);
  const double room = margin - std::max(none.below, none.above);
  if (room <= 0) return power;
  power.no_gap = none.error > 0 ? 2 * normal_below(room / none.error) - 1 : 1;
  return power;
}

}  // namespace

PlannedPower planned_power(const StudyPlan& plan, double gap_points,
                           const std::optional<PlannedGroups>& groups) {
  check(plan);
  PlannedPower power = power_by(plan, gap_points, std::nullopt);
  if (!groups) return power;
  // An interval over few groups may by chance be short, or its estimate far off: that is no power.
  const PlannedPower over_groups = power_by(plan, gap_points, groups);
  return {std::min(power.gap, over_groups.gap), std::min(power.no_gap, over_groups.no_gap)};
}

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

std::optional<double> minimal_detectable_gap(const StudyPlan& plan, const PlannedGroups& groups,
                                             double power) {
  check(plan);
  IAGO_CHECK(power > 0.5 && power < 1, "power in (0.5, 1)");
  constexpr double kLeastPoints = 1e-6;
  const double most = kPoints * (1 - plan.less_rate) - kLeastPoints;
  const auto over_queries = minimal_detectable_gap(plan, power);
  if (!over_queries || most <= kLeastPoints) return std::nullopt;
  const auto over_groups = smallest(kLeastPoints, most, [&](double points) {
    return planned_power(plan, points, groups).gap >= power;
  });
  if (!over_groups) return std::nullopt;
  return std::max(*over_queries, *over_groups);
}

namespace {

// One side of an interval: its distance from the estimate, and what of it does not shrink.
struct Side {
  double distance = 0, fixed = 0;

  // By how much the rest has to shrink for the whole to come to `wanted`; 0: it cannot.
  double shrink_to(double wanted) const {
    const auto rest = [this](double all) {
      return all > fixed ? std::sqrt(all * all - fixed * fixed) : 0.0;
    };
    return rest(distance) > 0 ? rest(wanted) / rest(distance) : wanted > distance;
  }
};

}  // namespace

std::optional<std::size_t> queries_to_settle(const GapEstimate& gap, double margin_points,
                                             const Interval& fixed) {
  IAGO_CHECK(margin_points > 0, "margin above 0");
  const double size = std::abs(gap.points);
  if (std::abs(size - margin_points) <= margin_points / 10) return std::nullopt;
  const Side below{gap.points - gap.ci95.lo, fixed.lo}, above{gap.ci95.hi - gap.points, fixed.hi};
  const Side& towards_zero = gap.points >= 0 ? below : above;
  const Side& away_from_zero = gap.points >= 0 ? above : below;
  // The easier word counts.
  const double for_gap = towards_zero.shrink_to(size);
  const double for_no_gap = std::min(away_from_zero.shrink_to(margin_points - size),
                                     towards_zero.shrink_to(margin_points + size));
  const double shrink = std::max(for_gap, for_no_gap);
  if (shrink <= 0) return std::nullopt;
  std::size_t queries = gap.queries;
  if (shrink < 1) {
    queries = static_cast<std::size_t>(
        std::ceil(static_cast<double>(gap.queries) / (shrink * shrink)) + 1);
  }
  // "No gap" also has to exclude a kind of query that none of those asked is of.
  if (for_gap >= for_no_gap || margin_points >= kPoints) return queries;
  return std::max(queries, queries_to_exclude_hidden_gap(margin_points));
}

}  // namespace iago
