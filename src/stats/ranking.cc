// A pair of runs is compared on the queries that have data in all four arms, so each pair has
// queries of its own, and the difference of two gaps here need not be that of the gaps that each
// run reports alone.
#include "stats/ranking.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/error.h"
#include "stats/clustered.h"
#include "stats/gap.h"
#include "stats/internal/clusters.h"
#include "stats/wordings.h"

namespace iago {
namespace {

constexpr double kMostPoints = 2 * kPoints;

// The two runs on the queries with data in all four arms.
struct Common {
  ContrastCounts a, b;
  Labels clusters;  // empty: each query is drawn for itself
};

void take(const ContrastCounts& from, std::size_t query, ContrastCounts& to) {
  to.more.push_back(from.more[query]);
  to.less.push_back(from.less[query]);
}

Common common_queries(const ContrastCounts& a, const ContrastCounts& b,
                      std::span<const std::size_t> clusters) {
  const std::size_t queries = a.more.size();
  IAGO_CHECK(a.less.size() == queries && b.more.size() == queries && b.less.size() == queries,
             "the runs have the same queries");
  IAGO_CHECK(clusters.empty() || clusters.size() == queries, "a cluster for each query");
  Common common;
  for (std::size_t i = 0; i < queries; ++i) {
    if (!has_data(a, i) || !has_data(b, i)) continue;
    take(a, i, common.a);
    take(b, i, common.b);
    if (!clusters.empty()) common.clusters.push_back(clusters[i]);
  }
  return common;
}

// Of the two gaps' estimates. The covariance is measured over the queries; the denominator comes
// from the gaps' own intervals, which allow for few events, so the correlation shrinks where events
// are few.
double correlation_of_gaps(double covariance, const Interval& a, const Interval& b,
                           double critical) {
  const double scale = 2 * critical * kPoints;  // interval's width in points to standard error
  return correlation_of(covariance, (a.width() / scale) * (b.width() / scale));
}

// Of the queries, or linearised of their clusters.
std::vector<double> drawn_differences(const ContrastCounts& counts,
                                      std::span<const std::size_t> clusters) {
  return over_clusters(query_differences(counts.more, counts.less), clusters);
}

double points_of(const ContrastCounts& counts) {
  const auto gap = estimate_gap_without_test(counts.more, counts.less);
  return gap ? gap->points : 0;
}

}  // namespace

std::optional<GapDifference> compare_gaps(const ContrastCounts& a, const ContrastCounts& b,
                                          double level, std::span<const std::size_t> clusters) {
  const Common common = common_queries(a, b, clusters);
  const auto of_a = drawn_differences(common.a, common.clusters);
  const auto of_b = drawn_differences(common.b, common.clusters);
  if (of_a.empty()) return std::nullopt;
  const double points_a = points_of(common.a), points_b = points_of(common.b);
  const Interval interval_a = *interval_of_wording(common.a, kLevel, common.clusters);
  const Interval interval_b = *interval_of_wording(common.b, kLevel, common.clusters);
  std::vector<double> between(of_a.size());
  std::transform(of_a.begin(), of_a.end(), of_b.begin(), between.begin(), std::minus<>());
  const double variance = variance_of_mean(between);
  // By Var(a - b) = Var(a) + Var(b) - 2 Cov(a, b), all of means over the common queries.
  const double covariance = (variance_of_mean(of_a) + variance_of_mean(of_b) - variance) / 2;
  const double units = effective_units(sizes_of_clusters(common.clusters, common.a.more.size()));
  const double critical = student_critical(degrees_of_freedom(units));
  const double correlation = correlation_of_gaps(covariance, interval_a, interval_b, critical);
  const auto interval_at = [&](double at) {
    return mover_interval(points_a, *interval_of_wording(common.a, at, common.clusters), points_b,
                          *interval_of_wording(common.b, at, common.clusters), correlation,
                          kMostPoints);
  };
  return GapDifference{.points = points_a - points_b,
                       .ci95 = interval_at(kLevel),
                       .simultaneous95 = interval_at(level),
                       .se_paired = kPoints * std::sqrt(variance),
                       .queries = common.a.more.size()};
}

Ranking rank_gaps(std::span<const ContrastCounts> runs, std::span<const std::size_t> clusters) {
  Ranking ranking;
  ranking.ranks.assign(runs.size(), {1, runs.size()});
  const double pairs = static_cast<double>(runs.size() * (runs.size() - 1)) / 2;
  for (std::size_t a = 0; a < runs.size(); ++a) {
    for (std::size_t b = a + 1; b < runs.size(); ++b) {
      // Bonferroni: each of the pairs may err with its share of the 5 %.
      auto difference = compare_gaps(runs[a], runs[b], 1 - (1 - kLevel) / pairs, clusters);
      if (!difference) continue;
      difference->a = a;
      difference->b = b;
      const bool a_above = difference->simultaneous95.lo > 0;
      const bool b_above = difference->simultaneous95.hi < 0;
      // The upper run cannot have the last place that it might have had, the lower one not the
      // first.
      ranking.ranks[a].worst -= a_above;
      ranking.ranks[b].best += a_above;
      ranking.ranks[b].worst -= b_above;
      ranking.ranks[a].best += b_above;
      ranking.differences.push_back(*difference);
    }
  }
  return ranking;
}

}  // namespace iago
