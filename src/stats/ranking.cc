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

namespace iago {
namespace {

constexpr double kMostPoints = 2 * kPoints;

// The two runs on the queries with data in all four arms.
struct Common {
  ContrastCounts a, b;
};

void take(const ContrastCounts& from, std::size_t query, ContrastCounts& to) {
  to.more.push_back(from.more[query]);
  to.less.push_back(from.less[query]);
}

Common common_queries(const ContrastCounts& a, const ContrastCounts& b) {
  const std::size_t queries = a.more.size();
  IAGO_CHECK(a.less.size() == queries && b.more.size() == queries && b.less.size() == queries,
             "the runs have the same queries");
  Common common;
  for (std::size_t i = 0; i < queries; ++i) {
    if (!has_data(a, i) || !has_data(b, i)) continue;
    take(a, i, common.a);
    take(b, i, common.b);
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

}  // namespace

std::optional<GapDifference> compare_gaps(const ContrastCounts& a, const ContrastCounts& b,
                                          double level) {
  const Common common = common_queries(a, b);
  const auto gap_a = estimate_gap_without_test(common.a.more, common.a.less);
  const auto gap_b = estimate_gap_without_test(common.b.more, common.b.less);
  if (!gap_a || !gap_b) return std::nullopt;
  const auto of_a = query_differences(common.a.more, common.a.less);
  const auto of_b = query_differences(common.b.more, common.b.less);
  std::vector<double> between(of_a.size());
  std::transform(of_a.begin(), of_a.end(), of_b.begin(), between.begin(), std::minus<>());
  const double variance = variance_of_mean(between);
  // By Var(a - b) = Var(a) + Var(b) - 2 Cov(a, b), all of means over the common queries.
  const double covariance = (variance_of_mean(of_a) + variance_of_mean(of_b) - variance) / 2;
  const double critical = student_critical(std::max(1.0, static_cast<double>(between.size()) - 1));
  const double correlation = correlation_of_gaps(covariance, gap_a->ci95, gap_b->ci95, critical);
  const auto interval_at = [&](double at) {
    return mover_interval(gap_a->points, *gap_interval(common.a.more, common.a.less, at),
                          gap_b->points, *gap_interval(common.b.more, common.b.less, at),
                          correlation, kMostPoints);
  };
  return GapDifference{.points = gap_a->points - gap_b->points,
                       .ci95 = interval_at(kLevel),
                       .simultaneous95 = interval_at(level),
                       .se_paired = kPoints * std::sqrt(variance),
                       .queries = between.size()};
}

Ranking rank_gaps(std::span<const ContrastCounts> runs) {
  Ranking ranking;
  ranking.ranks.assign(runs.size(), {1, runs.size()});
  const double pairs = static_cast<double>(runs.size() * (runs.size() - 1)) / 2;
  for (std::size_t a = 0; a < runs.size(); ++a) {
    for (std::size_t b = a + 1; b < runs.size(); ++b) {
      // Bonferroni: each of the pairs may err with its share of the 5 %.
      auto difference = compare_gaps(runs[a], runs[b], 1 - (1 - kLevel) / pairs);
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
