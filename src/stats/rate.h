// The rate of one arm: the mean over queries of each query's own rate, with an interval for repeats
// that are clustered by query. Pure functions, safe from any thread.
#pragma once

#include <optional>
#include <span>

#include "stats/counts.h"
#include "stats/interval.h"
#include "stats/population.h"

namespace iago {

struct RateEstimate {
  double rate = 0;  // fraction: mean over queries with trials of successes / trials
  Interval ci95;    // fraction, within [0, 1], never of width 0, contains the rate
  Population population = Population::queries_like_these;  // what ci95 speaks of
  Interval on_these_queries;  // fraction: on_these_queries.h; within ci95
  std::size_t n = 0;          // completions in the denominator, over all queries
  std::size_t queries = 0;    // queries with at least one of them
  std::size_t clusters =
      0;                   // drawn together, of which ci95 is: the queries, unless groups.h made it
  double se = 0;           // of the rate, clustered by query; 0 when all queries say the same
  double effective_n = 0;  // independent trials that would say as much; within [queries - 1, 2 n]:
                           // above n where the queries agree more than chance would have them
};

// Absent when no query has a trial. ci95 is the wider of three at each end (clustered.h has
// sources, assumptions and how they were chosen): mid-P on the effective sample (with Wilson's in
// its place coverage falls to 88 % near 0, where one success lifts the lower end too far), the
// stepped interval for a few strong queries, and the one on these queries. Limits: with one query
// it is nearly [0, 1]. A kind of query that makes up less than about 3 in `queries` of the
// population may be missed by all of them, and no interval can say what it does (strong_queries.h).
std::optional<RateEstimate> estimate_rate(std::span<const QueryCounts> arm);

// Lowest and highest rate over all ways in which the missing could have come out; both equal the
// rate when nothing is missing. Queries whose every completion is missing count here, so the
// interval need not contain the rate of those that have data. Absent for an arm without anything.
std::optional<Interval> rate_bounds_if_missing(std::span<const QueryCounts> arm);

}  // namespace iago
