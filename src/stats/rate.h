// The rate of one arm: the mean over queries of each query's own rate, with an interval for repeats
// that are clustered by query. Pure functions, safe from any thread.
#pragma once

#include <optional>
#include <span>

#include "stats/counts.h"
#include "stats/interval.h"

namespace iago {

struct RateEstimate {
  double rate = 0;          // fraction: mean over queries with trials of successes / trials
  Interval ci95;            // fraction, within [0, 1], never of width 0, contains the rate
  std::size_t n = 0;        // completions in the denominator, over all queries
  std::size_t queries = 0;  // queries with at least one of them
  double se = 0;            // of the rate, clustered by query; 0 when all queries say the same
  double effective_n = 0;   // independent trials that would say as much; within [queries - 1, 2 n]:
                            // above n where the queries agree more than chance would have them
};

// Absent when no query has a trial. The interval is mid-P on the effective sample (see clustered.h
// for sources, assumptions and how it was chosen): with Wilson's in its place coverage of the rate
// falls to 88 % near 0, where one success lifts the lower end too far. Limits: with one query it is
// nearly [0, 1]; it is about the population of queries, so for these very queries it is wider than
// needed.
std::optional<RateEstimate> estimate_rate(std::span<const QueryCounts> arm);

// Lowest and highest rate over all ways in which the missing could have come out; both equal the
// rate when nothing is missing. Queries whose every completion is missing count here, so the
// interval need not contain the rate of those that have data. Absent for an arm without anything.
std::optional<Interval> rate_bounds_if_missing(std::span<const QueryCounts> arm);

}  // namespace iago
