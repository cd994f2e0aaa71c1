// Queries of a kind that is rare and strong: which of those asked carry a gap, and what those not
// asked could still hide. Pure functions, safe from any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/random.h"
#include "stats/counts.h"
#include "stats/power.h"

namespace iago {

// The chance with which `no gap` may be wrong about a gap at the margin.
inline constexpr double kUnseenChance = 0.03;

// The largest share of a kind of query of which none is among `queries` with at least this chance:
// 1 - chance^(1/queries). 3 points at 116 queries. queries > 0, chance in (0, 1) (broken: abort).
double largest_unseen_share(std::size_t queries, double chance = kUnseenChance);

// Whether a kind of query that none of these queries is of could make a gap of the margin: then
// `no gap` cannot be said, however often they were repeated.
bool may_hide_gap(std::size_t queries, double margin_points = kMarginPoints);

// The fewest queries with which may_hide_gap is false. margin in (0, 100) (broken: abort).
std::size_t queries_to_exclude_hidden_gap(double margin_points = kMarginPoints);

// The queries, or clusters of them, whose differences add most to the gap, in its direction and
// largest first: as few as together carry more than half of it, and all that differ as much as the
// last of these. A query's part is its difference over the number of queries used, a cluster's that
// of its queries.
struct Carriers {
  std::vector<std::size_t> queries;  // their places, or the clusters' labels
  double share = 0;  // of the gap, that they carry together: above 0.5, and above 1 where others
                     // differ the other way
  double least = 0;  // the smallest mean difference of one of them, a fraction, in its direction
  // Chance of a query as extreme as the most extreme one of the arm that shows more, if every query
  // had that arm's rate; adjusted for their number. Without a small one, some queries carry more by
  // luck.
  double p_alike = 1;
  // How many differ as much as each of them the other way. Where these are as many, the gap is what
  // is left of two larger ones.
  std::size_t rivals = 0;
};

// Empty where the gap is 0 or no query has data in both arms. `clusters`: of each query, or none.
// Arms and clusters of the same length (broken: abort). O(queries log queries).
Carriers carriers_of_half(std::span<const QueryCounts> more, std::span<const QueryCounts> less,
                          std::span<const std::size_t> clusters = {});

// Whether so few carry it that the gap speaks of them and not of the rest: at most five of them, or
// one in forty of the queries (or clusters) used, and the queries not alike (p_alike below 0.001).
bool is_handful(const Carriers& carriers, std::size_t queries);

// Beside a verdict of no gap, a handful is only worth a word where each of them differs between the
// arms by half of its answers, and fewer differ as much the other way: half of a small difference
// is soon carried by a few, and so is what is left of two large ones.
bool is_strong_handful(const Carriers& carriers, std::size_t queries);

// How unlike an arm's queries are: whether some show what is counted in nearly every answer, and
// the others in nearly none.
struct Unevenness {
  // Of two answers of one query, by analysis of variance (the binomial variance less that within
  // queries, over itself); 0 where the arm is all alike or no query was repeated. Within [0, 1].
  double correlation = 0;
  // Test that every query has the arm's one rate: its outcomes are dealt out to all its trials
  // anew. p = (b + 1) / (draws + 1) for the sum of successes^2 / trials over queries. Of an arm of
  // more than 20,000 trials so many are drawn. Absent, for time, with a correlation below 0.3.
  std::optional<double> p_one_rate;

  // Surely there, and large: queries are of two kinds rather than of one that varies.
  bool is_marked() const;
};

inline constexpr std::size_t kUnevennessDraws = 2'000;

// draws > 0 (broken: abort).
Unevenness unevenness_of(std::span<const QueryCounts> arm, Random& random,
                         std::size_t draws = kUnevennessDraws);

}  // namespace iago
