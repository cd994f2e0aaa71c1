// Intervals on these queries: the queries are fixed and each has a rate of its own, so only the
// chance in the answers counts and every repeat narrows them. They say nothing of other queries.
// Pure functions, safe from any thread.
//
// Rate. Given the queries, the number of successes is a sum of independent draws of unequal chance.
// Its tails are lighter than those of the binomial distribution with the mean chance (Hoeffding,
// 1956, Annals of Mathematical Statistics 27:713), so Clopper and Pearson's interval on all answers
// keeps its level whatever the queries' own rates are, down to any rate above 0. With no success at
// all (or no failure) the one limit takes the whole 5 %: 3 of n, the rule of three (Hanley &
// Lippman-Hand, 1983, JAMA 249:1743; half of the chance of the count seen, as in mid-P, is the
// same); at means from 3.0 to 3.7 successes that covers 93.8 % at least.
//
// Unequal repeats weigh answers unequally: a success at query q moves the rate by w_q = 1/(Q n_q).
// Both limits are then those of an effective count x of an effective n that have the weighted sum's
// mean and variance, where the upper one adds a success of weight sum n_q w_q^2, one over Kish's n.
// (Fay & Feuer, 1997, Statistics in Medicine 16:791, add the largest weight, with gamma in place of
// beta: then a query answered once undoes all others.) With equal repeats both are the counts.
//
// Where queries were repeated, and enough of them show both outcomes to be trusted, the variance
// within queries replaces the binomial one, which is too large where queries differ: effective n
// grows by the ratio, drawn back to 1 with weight (1 + k)^-1.5 when k queries show both outcomes.
//
// Repeats that are copies of each other (QueryCounts::copies) count as one answer.
//
// Gap. The arms' answers are independent given the queries, so the two intervals join by square and
// add (MOVER: Zou, Huang & Zhang, 2009, Computational Statistics & Data Analysis 53:1080).
#pragma once

#include <optional>
#include <span>

#include "stats/counts.h"
#include "stats/interval.h"

namespace iago {

// Fraction, within [0, 1], contains the mean over queries of their own rates, never of width 0.
// Absent when no query has a trial. level in (0, 1) (broken: abort).
std::optional<Interval> rate_on_these_queries(std::span<const QueryCounts> arm,
                                              double level = kLevel);

// Points, within [-100, 100], contains the gap, never of width 0; over the queries with data in
// both arms. Absent where there is none. Arms of the same length (broken: abort).
std::optional<Interval> gap_on_these_queries(std::span<const QueryCounts> more,
                                             std::span<const QueryCounts> less,
                                             double level = kLevel);

}  // namespace iago
