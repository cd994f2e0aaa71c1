// The header says what is estimated and why; here is the arithmetic. With Q queries, n_q
// completions of query q and p the mean rate, three variances of p are at hand:
//
// full         p(1-p) / Q                       a query is one draw, its repeats say nothing new
// independent  p(1-p) sum(1/n_q) / Q^2          every completion is a draw of its own
// measured     sum (rate_q - p)^2 / (Q)   as the queries differ; at least half of the second
//
// The one that is used lies between `full` and `measured`, w full + (1-w) measured, where w goes
// from 1 to 0 as more queries show the rarer outcome. All intervals then take p as a proportion of
// n* = p(1-p) / variance trials.
#include "stats/clustered.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <limits>
#include <vector>

namespace iago {
namespace {

// Sums over the queries with trials that both ways of making a ClusteredRate end with.
struct Sums {
  double queries = 0;
  double units = 0;            // the queries, by their effective number
  double inverse_repeats = 0;  // sum of 1 / trials
  double rarer = 0;            // queries that show the rarer outcome
  double unseen = 0;           // trials that they speak like if none does
};

void set_effective(ClusteredRate& arm, const Sums& sums) {
  const double spread = arm.rate * (1 - arm.rate);
  const double full = spread / sums.queries;
  const double independent = spread * sums.inverse_repeats / (sums.queries * sums.queries);
  const double measured =
      arm.queries > 1 ? std::max(arm.variance, kIndependentFloor * independent) : full;
  const double weight = std::pow(1 + sums.rarer, -kFullClusterExponent);
  const double variance = weight * full + (1 - weight) * measured;
  // At p of 0 or 1 everything is 0; the limit of the formula is one trial for each query, but more
  // for a set of them.
  arm.effective_n = spread > 0 ? spread / variance : sums.unseen;
  arm.units = sums.units;
  arm.effective_variance = variance;
  arm.independent = independent;
  arm.critical = student_critical(degrees_of_freedom(sums.units));
}

// Of the mean of independent numbers: their third central moment, unbiased (Fisher's k statistic),
// over the square of their number.
template <typename Range, typename Value>
double third_cumulant_of_mean(const Range& numbers, double mean, Value value) {
  const double count = static_cast<double>(numbers.size());
  if (numbers.size() < 3) return 0;
  double cubes = 0;
  for (const auto& number : numbers) cubes += std::pow(value(number) - mean, 3);
  return cubes / (count * (count - 1) * (count - 2));
}

// Of the two arms' estimates, by Var(a - b) = Var(a) + Var(b) - 2 Cov(a, b). The covariance comes
// from the measured variances, the denominator from the drawn ones, which are never smaller by
// much; so it shrinks where events are few.
double correlation_of_rates(const ClusteredRate& a, const ClusteredRate& b,
                            double variance_of_gap) {
  const double product = a.effective_variance * b.effective_variance;
  return correlation_of((a.variance + b.variance - variance_of_gap) / 2, std::sqrt(product));
}

}  // namespace

double QueryRate::unseen_trials() const {
  const double completions = static_cast<double>(n);
  const double told = completions / (1 + (completions - 1) * kUnseenCorrelation);
  return std::clamp(told, 1.0, static_cast<double>(std::max<std::size_t>(1, queries)));
}

double effective_units(std::span<const double> sizes) {
  double sum = 0, squares = 0;
  for (double size : sizes) sum += size, squares += size * size;
  return squares > 0 ? sum * sum / squares : 0;
}

double degrees_of_freedom(double units) {
  constexpr double kFewest = 0.25;
  return std::max(kFewest, units - 1);
}

ClusteredRate clustered_rate(std::span<const QueryRate> queries) {
  ClusteredRate out;
  Sums sums;
  std::vector<double> sizes;
  sizes.reserve(queries.size());
  double mean = 0, squares = 0;  // Welford's recurrence over the queries' own rates
  std::size_t with_success = 0, with_failure = 0;
  for (const QueryRate& query : queries) {
    sums.queries += 1;
    sums.inverse_repeats += query.inverse_trials;
    const double from_mean = query.rate - mean;
    mean += from_mean / sums.queries;
    squares += from_mean * (query.rate - mean);
    with_success += query.has_success;
    with_failure += query.has_failure;
    out.n += query.n;
    sums.unseen += query.unseen_trials();
    sizes.push_back(static_cast<double>(std::max<std::size_t>(1, query.queries)));
  }
  sums.units = effective_units(sizes);
  out.queries = queries.size();
  if (out.queries == 0) return out;
  out.rate = std::clamp(mean, 0.0, 1.0);
  // The recurrence rounds; intervals are decided by whether a rate is 0 or 1 exactly.
  if (with_success == 0) out.rate = 0;
  if (with_failure == 0) out.rate = 1;
  if (out.queries > 1) out.variance = squares / (sums.queries * (sums.queries - 1));
  sums.rarer = static_cast<double>(std::min(with_success, with_failure));
  out.third_cumulant =
      third_cumulant_of_mean(queries, out.rate, [](const QueryRate& query) { return query.rate; });
  set_effective(out, sums);
  return out;
}

std::vector<QueryRate> query_rates(std::span<const QueryCounts> arm) {
  std::vector<QueryRate> queries;
  queries.reserve(arm.size());
  for (const QueryCounts& query : arm) {
    if (query.trials == 0) continue;
    queries.push_back({.rate = rate_of(query),
                       .inverse_trials = 1 / query.distinct(),
                       .has_success = query.successes > 0,
                       .has_failure = query.successes < query.trials,
                       .n = query.trials});
  }
  return queries;
}

ClusteredRate clustered_rate(std::span<const QueryCounts> arm) {
  return clustered_rate(query_rates(arm));
}

ClusteredRate planned_rate(double rate, double spread, std::size_t queries, std::size_t repeats) {
  ClusteredRate out;
  out.rate = rate;
  out.queries = queries;
  out.n = queries * repeats;
  const double count = static_cast<double>(queries), times = static_cast<double>(repeats);
  out.variance = spread / count;
  const double rarer = std::min(rate, 1 - rate);
  // How many queries are expected to show the rarer outcome, as if all had the arm's rate.
  set_effective(out, {.queries = count,
                      .units = count,
                      .inverse_repeats = count / times,
                      .rarer = count * (1 - std::pow(1 - rarer, times)),
                      .unseen = count});
  return out;
}

namespace {

constexpr double kHalfCount = 0.5;

// Of the tail that the others have, the part that a side has at no steps at all, and the number of
// steps at which half of the rest has come back. The far side is the one of the long tail.
struct TailOfFewSteps {
  double at_none, half_back;
};
constexpr TailOfFewSteps kNearTail{0.7, 20}, kFarTail{0.3, 150};

constexpr double kManySteps = 1e6;  // from here on a normal variable

Interval wider(const Interval& a, const Interval& b) {
  return {std::min(a.lo, b.lo), std::max(a.hi, b.hi)};
}

// Whether the queries differ by more than their own answers' chance makes them.
bool is_overdispersed(const ClusteredRate& arm) {
  constexpr double kRounding = 1e-9;
  const double count = static_cast<double>(arm.queries);
  return arm.queries > 2 && arm.variance * (count - 1) > count * arm.independent * (1 + kRounding);
}

// The chance beyond a critical value.
double tail_of(double critical) {
  return boost::math::cdf(boost::math::complement(boost::math::normal(), critical));
}

// The largest share of a kind of unit of which none is among those of an arm.
double unseen_share(const ClusteredRate& arm) {
  if (arm.units <= 0) return 1;
  return 1 - std::pow(2 * tail_of(arm.critical), 1 / arm.units);
}

}  // namespace

Interval stepped_interval(double estimate, double variance, double third_cumulant,
                          double critical) {
  if (variance <= 0) return {estimate, estimate};
  // Beyond it there is no chance left that a double could hold.
  constexpr double kCertain = 37, kEverything = std::numeric_limits<double>::infinity();
  if (critical > kCertain) return {-kEverything, kEverything};
  const double steps = std::pow(variance, 3) / (third_cumulant * third_cumulant);
  if (!(steps < kManySteps)) {
    const double half = critical * std::sqrt(variance);
    return {estimate - half, estimate + half};
  }
  const auto tail = [&](const TailOfFewSteps& few) {
    return tail_of(critical) * (1 - (1 - few.at_none) * few.half_back / (few.half_back + steps));
  };
  const double size = std::sqrt(variance / steps);
  const double fewest =
      steps > kHalfCount ? boost::math::gamma_p_inv(steps - kHalfCount, tail(kNearTail)) : 0;
  const double near = size * (steps - fewest);
  const double far = size * (boost::math::gamma_q_inv(steps + kHalfCount, tail(kFarTail)) - steps);
  return third_cumulant > 0 ? Interval{estimate - near, estimate + far}
                            : Interval{estimate - far, estimate + near};
}

Interval rate_interval(const ClusteredRate& arm) {
  const double ratio = normal_critical() / arm.critical;
  const double trials = arm.effective_n * ratio * ratio;
  Interval binomial = mid_p(arm.rate * trials, trials);
  // What no unit shows, others may.
  if (arm.rate == 0) binomial.hi = std::max(binomial.hi, unseen_share(arm));
  if (arm.rate == 1) binomial.lo = std::min(binomial.lo, 1 - unseen_share(arm));
  if (!is_overdispersed(arm)) return binomial;
  const Interval stepped =
      stepped_interval(arm.rate, arm.variance, arm.third_cumulant, arm.critical);
  return wider(binomial, {std::max(0.0, stepped.lo), std::min(1.0, stepped.hi)});
}

Interval score_interval(const ClusteredRate& arm) {
  return wilson_at(arm.rate, arm.effective_n, arm.critical);
}

double correlation_of(double covariance, double product_of_errors) {
  constexpr double kLimit = 0.99;
  if (!(product_of_errors > 0)) return 0;
  return std::clamp(covariance / product_of_errors, -kLimit, kLimit);
}

Interval mover_interval(double x, const Interval& of_x, double y, const Interval& of_y,
                        double correlation, double most) {
  // The distance of each end: sqrt(p^2 - 2 r p q + q^2), p and q the distances of the estimates'
  // own ends in the direction that moves the difference there: the low end of x with the high end
  // of y, and the other way round.
  const auto length = [correlation](double p, double q) {
    return std::sqrt(std::max(0.0, p * p - 2 * correlation * p * q + q * q));
  };
  const double difference = x - y;
  return {std::max(-most, difference - length(x - of_x.lo, of_y.hi - y)),
          std::min(most, difference + length(of_x.hi - x, y - of_y.lo))};
}

Interval mover_interval(const ClusteredRate& a, const ClusteredRate& b, double correlation) {
  return mover_interval(a.rate, score_interval(a), b.rate, score_interval(b), correlation, 1);
}

// What the weight takes for a correlation at most: arms that are alike in every query have
// differences of 0, and with them nothing but MOVER to make a width.
constexpr double kMostCorrelation = 0.85;

Interval plain_joined_interval(const ClusteredRate& a, const ClusteredRate& b,
                               const Differences& pairs, const MoverWeight& mover_weight) {
  const double correlation = correlation_of_rates(a, b, pairs.variance);
  const Interval mover = mover_interval(a, b, correlation);
  const double points = a.rate - b.rate;
  const double student = a.critical * std::sqrt(pairs.variance);
  const double weight =
      std::pow(1 + pairs.differing, -mover_weight.queries) *
      std::pow(1 - std::clamp(correlation, 0.0, kMostCorrelation), mover_weight.correlation);
  const auto joined = [&](double length) {
    return std::sqrt(weight * length * length + (1 - weight) * student * student);
  };
  return {std::max(-1.0, points - joined(points - mover.lo)),
          std::min(1.0, points + joined(mover.hi - points))};
}

double count_deviating(std::span<const double> numbers) {
  constexpr double kSame = 1e-9;
  std::ptrdiff_t most = 0;
  for (const double end : {-1.0, 0.0, 1.0}) {
    most = std::max(most, std::ranges::count_if(
                              numbers, [end](double x) { return std::abs(x - end) < kSame; }));
  }
  return static_cast<double>(numbers.size()) - static_cast<double>(most);
}

Differences describe_differences(std::span<const double> numbers) {
  if (numbers.size() < 2) return {0, numbers.empty() || numbers[0] == 0 ? 0.0 : 1.0, 0, 0};
  const double count = static_cast<double>(numbers.size());
  double mean = 0, squares = 0, same = 0;
  for (double x : numbers) mean += x / count;
  for (double x : numbers) {
    squares += (x - mean) * (x - mean);
    same += x == 0;
  }
  return {squares / (count * (count - 1)), count - same, count_deviating(numbers),
          third_cumulant_of_mean(numbers, mean, [](double x) { return x; })};
}

namespace {

// Where hardly a unit differs between the arms, or hardly one that does not do so in all its
// answers, the differences have hardly a variance, and the arms' own width is taken back by their
// correlation. What no unit shows, a share of them may still do, in either direction; and this much
// is left of it when k units deviate.
double least_distance(const ClusteredRate& a, const ClusteredRate& b, const Differences& pairs) {
  const double unseen = std::max(unseen_share(a), unseen_share(b));
  return unseen * std::pow(1 + pairs.deviating, -kFullClusterExponent);
}

}  // namespace

Interval joined_interval(const ClusteredRate& a, const ClusteredRate& b, const Differences& pairs,
                         const MoverWeight& mover_weight) {
  const double points = a.rate - b.rate, least = least_distance(a, b, pairs);
  const Interval joined = plain_joined_interval(a, b, pairs, mover_weight);
  const Interval stepped =
      stepped_interval(points, pairs.variance, pairs.third_cumulant, a.critical);
  const Interval all = wider(wider(joined, stepped), {points - least, points + least});
  return {std::max(-1.0, all.lo), std::min(1.0, all.hi)};
}

}  // namespace iago
