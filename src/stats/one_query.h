// Figures of one query that is asked again and again: about that very query and no population of
// queries, so its repeats are independent draws and the textbook's intervals hold. For several
// queries use rate.h and gap.h, whose intervals with one query are as good as [0, 1]. Pure
// functions, safe from any thread.
#pragma once

#include <optional>

#include "stats/counts.h"
#include "stats/interval.h"
#include "stats/rate.h"

namespace iago {

// ci95 is the mid-P interval (interval.h), of this very query; on_these_queries is wider, and keeps
// its level at any rate. Absent without a trial.
std::optional<RateEstimate> estimate_query_rate(const QueryCounts& query);

// One rate minus another, in points (0 to 100).
struct RateDifference {
  double points = 0;
  Interval ci95;  // within [-100, 100], contains the estimate, never of width 0
};

// The same query in two arms, whose draws are unrelated: Newcombe's method 10 (1998, Statistics in
// Medicine 17:873), which joins the two Wilson intervals. Absent unless both have a trial.
std::optional<RateDifference> estimate_query_difference(const QueryCounts& a, const QueryCounts& b);

}  // namespace iago
