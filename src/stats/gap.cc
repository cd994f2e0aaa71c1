// Everything is computed on pairs: the queries with data in both arms, in one order. The interval
// itself is joined in clustered.cc from the two arms' rates and from the queries' differences; this
// file brings them together and turns fractions into points.
#include "stats/gap.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "stats/clustered.h"
#include "stats/on_these_queries.h"

namespace iago {
namespace {

// One number for each query, whatever its repeats: a query is a unit of the gap.
std::vector<double> differences_of(const ContrastCounts& pair) {
  std::vector<double> differences(pair.more.size());
  for (std::size_t i = 0; i < differences.size(); ++i) {
    differences[i] = rate_of(pair.more[i]) - rate_of(pair.less[i]);
  }
  return differences;
}

double binomial_variance(const ClusteredRate& arm) {
  return arm.rate * (1 - arm.rate) / static_cast<double>(arm.n);
}

std::optional<GapEstimate> estimate(const ContrastCounts& pair,
                                    std::span<const double> differences) {
  if (differences.empty()) return std::nullopt;
  const ClusteredRate a = clustered_rate(pair.more), b = clustered_rate(pair.less);
  const Differences described = describe_differences(differences);
  GapEstimate gap;
  gap.points = kPoints * (a.rate - b.rate);
  gap.ci95 = in_points(joined_interval(a, b, described));
  const Interval on_these = *gap_on_these_queries(pair.more, pair.less);
  gap.on_these_queries = {std::max(gap.ci95.lo, on_these.lo), std::min(gap.ci95.hi, on_these.hi)};
  gap.se_paired = kPoints * std::sqrt(described.variance);
  gap.se_unpaired = kPoints * std::sqrt(binomial_variance(a) + binomial_variance(b));
  gap.queries = gap.clusters = differences.size();
  gap.n_more = a.n;
  gap.n_less = b.n;
  return gap;
}

}  // namespace

double variance_of_mean(std::span<const double> numbers) {
  if (numbers.size() < 2) return 0;
  const double count = static_cast<double>(numbers.size());
  double mean = 0, squares = 0;
  for (double x : numbers) mean += x / count;
  for (double x : numbers) squares += (x - mean) * (x - mean);
  return squares / (count * (count - 1));
}

std::optional<Interval> gap_interval(std::span<const QueryCounts> more,
                                     std::span<const QueryCounts> less, double level) {
  const ContrastCounts pair = paired(more, less);
  const std::vector<double> differences = differences_of(pair);
  if (differences.empty()) return std::nullopt;
  ClusteredRate a = clustered_rate(pair.more), b = clustered_rate(pair.less);
  const double freedom = degrees_of_freedom(static_cast<double>(differences.size()));
  // The level enters by Student's quantile alone; what counts as an effective trial does not depend
  // on it.
  a.critical = b.critical = student_critical(freedom, level);
  return in_points(joined_interval(a, b, describe_differences(differences)));
}

std::vector<double> query_differences(std::span<const QueryCounts> more,
                                      std::span<const QueryCounts> less) {
  return differences_of(paired(more, less));
}

std::optional<GapEstimate> estimate_gap_without_test(std::span<const QueryCounts> more,
                                                     std::span<const QueryCounts> less) {
  const ContrastCounts pair = paired(more, less);
  std::optional<GapEstimate> gap = estimate(pair, differences_of(pair));
  if (gap) gap->bounds_if_missing = *gap_bounds_if_missing(more, less);
  return gap;
}

std::optional<GapEstimate> estimate_gap(std::span<const QueryCounts> more,
                                        std::span<const QueryCounts> less, Random& random,
                                        std::size_t draws) {
  std::optional<GapEstimate> gap = estimate_gap_without_test(more, less);
  if (!gap) return gap;
  const SignFlipResult test = sign_flip_test(query_differences(more, less), random, draws);
  gap->p_value = test.p_value;
  gap->p_value_error = test.error;
  return gap;
}

std::optional<Interval> gap_bounds_if_missing(std::span<const QueryCounts> more,
                                              std::span<const QueryCounts> less) {
  const auto gap_of = [&](Missing in_more, Missing in_less) -> std::optional<double> {
    const ContrastCounts pair = paired(fill_missing(more, in_more), fill_missing(less, in_less));
    if (pair.more.empty()) return std::nullopt;
    return kPoints * (clustered_rate(pair.more).rate - clustered_rate(pair.less).rate);
  };
  // The gap rises with every success in more and falls with every one in the other arm, and a
  // filled query has data whichever way it is filled. So the two opposite corners are the extremes,
  // and both are means over the same queries.
  const auto low = gap_of(Missing::as_failure, Missing::as_success);
  const auto high = gap_of(Missing::as_success, Missing::as_failure);
  if (!low) return std::nullopt;
  return Interval{*low, *high};
}

}  // namespace iago
