// The interval that decides a verdict where completions are missing. Pure functions, safe from any
// thread.
//
// What is missing could have come out in any way, so the counts give a gap only between two bounds:
// every missing completion against the gap, and every one for it. The true one lies between those
// two figures' own truths. An interval that contains it with 95 % reaches from the lower bound's
// estimate to the upper's, and beyond each by C standard errors, where
//   Phi(C + D / s) - Phi(-C) = 0.95
// with D the distance of the two bounds and s the larger of their standard errors (Imbens & Manski,
// 2004, Econometrica 72:1845, equation 7; Stoye, 2009, Econometrica 77:1299). Where nothing is
// missing C is 1.96 and the interval is the gap's own. Where much is, C is 1.64: the truth can be
// beyond one end alone, and the interval is nearly the union of the two at the bounds. In between,
// a few missing completions move each end by less than they move the bound: one truncated answer
// of four thousand does not turn a gap into nothing, as the plain union would where the gap's own
// interval just excludes 0.
#pragma once

#include <functional>
#include <optional>
#include <span>

#include "stats/counts.h"
#include "stats/interval.h"

namespace iago {

// Points. At `level`, or nearer the bounds as above.
struct DecidingInterval {
  Interval interval;
  Interval bounds;        // of the estimate, over all ways in which the missing could come out
  double level = kLevel;  // of the interval at each bound; at most the one asked for
};

// The interval of some counts at a level, in points; absent where they have no data.
using IntervalOfCounts =
    std::function<std::optional<Interval>(std::span<const ContrastCounts>, double level)>;

// Over several wordings, or one. `bounds` is in points, of the same estimate. Absent when
// `interval_of` is at a bound.
std::optional<DecidingInterval> deciding_interval(std::span<const ContrastCounts> wordings,
                                                  const Interval& bounds,
                                                  const IntervalOfCounts& interval_of,
                                                  double level = kLevel);

// Of one gap over queries like these (gap.h). Absent when no query has anything in both arms.
std::optional<DecidingInterval> deciding_gap_interval(const ContrastCounts& counts,
                                                      double level = kLevel);

// C above, for D / s and a level.
double critical_between_bounds(double distance_in_errors, double level = kLevel);

}  // namespace iago
