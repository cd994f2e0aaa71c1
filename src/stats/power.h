// How large a study has to be: before it is run (the smallest gap that a plan finds) and after an
// inconclusive one (the queries that would settle it). Pure functions, safe from any thread.
#pragma once

#include <cstddef>
#include <optional>

#include "stats/gap.h"

namespace iago {

inline constexpr double kMarginPoints = 3;  // margin of equivalence of the verdict `no gap`
inline constexpr double kPower = 0.8;

// What is assumed of a study that has not been run.
struct StudyPlan {
  std::size_t queries = 0;               // > 0
  std::size_t repeats_more = 0;          // per query, > 0
  std::size_t repeats_less = 0;          // per query, > 0
  double less_rate = 0.03;               // compliance expected there, within [0, 1]
  double query_correlation = 0.05;       // of two completions of one query in one arm, [0, 1]
  double arm_correlation = 0;            // of a query's propensities in the two arms, [-1, 1]
  double margin_points = kMarginPoints;  // of the verdict
};

// The smallest positive gap, in points, for which such a study ends in the verdict `gap` with at
// least the given chance. Absent when even full compliance in the arm `more` would not do.
// Normal approximation to the estimate (its variance from the beta-binomial model of
// simulation.h), the room's own interval for the decision, so that a plan and the analysis of its
// data agree; checked by simulation in power_test.cc (within a few per cent of the stated power).
// Limits: rates below some 1 % with few completions, where the estimate is not near normal.
std::optional<double> minimal_detectable_gap(const StudyPlan& plan, double power = kPower);

// Sets of queries of a plan, such as topics or clusters, whose gaps differ among themselves.
struct PlannedGroups {
  std::size_t groups = 0;    // at least 2
  double gap_sd_points = 0;  // standard deviation of their true gaps, assumed
};

// The same over groups like these, by planned_power.
std::optional<double> minimal_detectable_gap(const StudyPlan& plan, const PlannedGroups& groups,
                                             double power = kPower);

// What a plan can find, over queries like these, or with groups over groups like these.
struct PlannedPower {
  double gap = 0;     // chance of the verdict `gap` where the true gap is the one asked about
  double no_gap = 0;  // chance of `no gap` where there is none: 0 where so few queries could hide a
                      // gap of the margin (strong_queries.h)
};

// The same approximations as minimal_detectable_gap. Over groups the error of the mean gap is the
// root of the sum of squares of the queries' and of the groups' standard deviation over the root of
// their number, and the interval Student's with groups - 1 degrees of freedom, or that over queries
// where it is wider. Over groups there is never more power than over queries. gap_points > 0, and
// no more than the arms can have (broken: abort).
PlannedPower planned_power(const StudyPlan& plan, double gap_points,
                           const std::optional<PlannedGroups>& groups = std::nullopt);

// Queries in all (not in addition) at which the interval would end inside the margin or exclude 0,
// if estimate and variance stay as they are: the interval's arms shrink with the root of the number
// of queries. Where that word is "no gap", at least as many as exclude a hidden kind of query
// (strong_queries.h). Absent where the estimate lies within a tenth of the margin from the margin's
// edge (either side): there chance decides whether the interval's first word is `gap` or `no gap`,
// and more of the same would not settle it; and where what more queries leave as it is keeps it
// open: `fixed`, of the interval's distance from the estimate below and above, such as what a
// judge's unknown error adds (by square and add). At least the present number of queries.
std::optional<std::size_t> queries_to_settle(const GapEstimate& gap,
                                             double margin_points = kMarginPoints,
                                             const Interval& fixed = {});

}  // namespace iago
