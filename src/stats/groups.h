// Queries in sets: clusters that were drawn together, and groups, such as topics, whose gaps are
// compared. Pure functions, safe from any thread; chance comes in as a stream.
//
// labels[i] is the cluster or group of query i: any number, equal for queries of one set; as many
// as queries (broken: abort). Rates and gaps stay means over queries. What changes is what was
// drawn: M_c queries of cluster c came at once, so the mean p = sum_c M_c r_c / sum_c M_c is a
// ratio of two sums over clusters. Linearised (Woodruff, 1971, JASA 66:411; Korn & Graubard, 1999,
// Analysis of Health Surveys, chapter 2) it is the mean over C clusters of
//   p + C M_c / M (r_c - p)
// and these take the place of the queries' own rates in clustered.h and gap.h. Clusters of unequal
// size count by their effective number, which gives the degrees of freedom: C - 1 where all are of
// one size (clustered.h). Where an arm shows no event nothing is seen of how the queries of a
// cluster resemble each other, and 0 events speak like 0 of C to 2.8 C, by the clusters' sizes
// (QueryRate::unseen_trials).
//
// Limits: clusters nested in groups need only the outer ones here: what is drawn together inside a
// drawn set is counted with it.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/random.h"
#include "stats/counts.h"
#include "stats/gap.h"
#include "stats/interval.h"
#include "stats/population.h"
#include "stats/rate.h"

namespace iago {

using Labels = std::vector<std::size_t>;

// What was drawn together: the cluster or group at each position.
struct DrawnTogether {
  DrawnTogether() = default;
  // Converts: most callers have one query at each position.
  DrawnTogether(const Labels& labels) : sets(labels) {}
  DrawnTogether(std::span<const std::size_t> labels, std::span<const std::size_t> of_queries = {})
      : sets(labels), queries(of_queries) {}

  std::span<const std::size_t> sets;
  // The query at each position, where one may stand at several (under several wordings); empty:
  // each position has its own.
  std::span<const std::size_t> queries;

  std::size_t query_at(std::size_t position) const {
    return queries.empty() ? position : queries[position];
  }
};

// How the completions of a contrast are spread over its clusters.
struct ClusterSizes {
  std::size_t clusters = 0;   // with data
  std::size_t hold_half = 0;  // the fewest that hold at least half of the completions
  std::size_t completions = 0;

  // So few of many hold half that the interval is as wide as with few clusters: a quarter or less.
  bool are_very_unequal() const { return clusters > 0 && 4 * hold_half <= clusters; }
};

// Of both arms, over the queries with data in both. Arms of the labels' length (broken: abort).
ClusterSizes cluster_sizes(std::span<const QueryCounts> more, std::span<const QueryCounts> less,
                           std::span<const std::size_t> labels);

// As estimate_rate, over clusters (or, if `population` says so, groups) like these. Absent when no
// query has a trial.
std::optional<RateEstimate> estimate_rate_over(
    std::span<const QueryCounts> arm, const DrawnTogether& drawn,
    Population population = Population::clusters_like_these);

// As estimate_gap; the test flips the signs of whole sets. Absent when no query has data in both
// arms. Arms of the same length (broken: abort).
std::optional<GapEstimate> estimate_gap_over(
    std::span<const QueryCounts> more, std::span<const QueryCounts> less,
    const DrawnTogether& drawn, Random& random,
    Population population = Population::clusters_like_these, std::size_t draws = kSignFlipDraws);

// Only what needs no chance: as above, with p_value and p_value_error left at 1 and 0.
std::optional<GapEstimate> estimate_gap_over_without_test(
    std::span<const QueryCounts> more, std::span<const QueryCounts> less,
    const DrawnTogether& drawn, Population population = Population::clusters_like_these);

// Its interval alone, in points, at another level.
std::optional<Interval> gap_interval_over(std::span<const QueryCounts> more,
                                          std::span<const QueryCounts> less,
                                          const DrawnTogether& drawn, double level = kLevel);

// One group beside the others.
struct GroupGap {
  std::size_t group = 0;  // its label
  // Over its queries (or clusters) alone, as if drawn from the group; without the sign-flip test.
  GapEstimate gap;
  Interval simultaneous95;  // points: those of all groups hold together with 95 % (Bonferroni)
  double to_rest = 0;       // points: its gap minus that of all other groups' queries together
  double p_to_rest = 1;     // of that difference, adjusted for all groups; see below
  // With what is missing at its worst it does not differ.
  bool is_lost_by_missing = false;
  // Nor does it without what the provider refused: set by whoever compared these, too.
  bool is_lost_by_refusals = false;

  bool seems_to_differ() const { return p_to_rest <= 1 - kLevel; }
  bool differs() const { return seems_to_differ() && !is_lost_by_missing && !is_lost_by_refusals; }
};

struct GroupComparison {
  std::vector<GroupGap> groups;  // those with data in both arms, by label
  double p_alike = 1;            // test that all groups are alike; 1 with a single group
  double p_alike_error = 0;      // its Monte-Carlo standard error
  // Standard deviation of the groups' true gaps, points, by moments; 0 where they differ by no more
  // than their queries make them.
  double sd = 0;
};

// Fewer draws than for signs: each deals out all queries anew.
inline constexpr std::size_t kGroupDraws = 2'000;

// Are the groups alike? Under "a query's group says nothing of its difference" the differences were
// as likely to be dealt out to the groups in any other way, which is done by permutation:
// p = (b + 1) / (draws + 1) (Phipson & Smyth, 2010). The statistic of p_alike is the sum of squares
// between groups. Which group differs: the largest |gap of group - gap of rest|, in the unit of its
// pooled error, over all groups in each permutation adjusts every group's own for their number
// (Westfall & Young, 1993, Resampling-Based Multiple Testing, single step). So with 95 % no group
// is named if all are alike; if some differ, the spread that they bring makes it harder, not
// easier, to name another. A group differs for sure only if it still does so, by the 95 % point of
// that largest figure, where everything missing in it speaks against the difference, and everything
// missing in the others for theirs.
//
// With clusters (one for each position, each within one group; empty: the queries themselves) whole
// clusters are dealt out, and the groups' own intervals are over them.
GroupComparison compare_groups(std::span<const QueryCounts> more, std::span<const QueryCounts> less,
                               std::span<const std::size_t> groups, const DrawnTogether& clusters,
                               Random& random, std::size_t draws = kGroupDraws);

}  // namespace iago
