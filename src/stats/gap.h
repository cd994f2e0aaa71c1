// The compliance gap: compliance in the arm `more` minus compliance in the arm `less`, in
// points (0 to 100). That is non-compliance(less) - non-compliance(more). Pure
// functions, safe from any thread; chance comes in as a stream.
//
// The interval joins two, side by side, by the root of their weighted squares. MOVER (Zou & Donner,
// 2008; Newcombe, 1998, method 10) on the arms' score intervals (clustered.h) holds where events
// are rare, and is too wide where the arms resemble each other query by query: its two sides are of
// different lengths, and what the arms share does not cancel. Student's t on the queries'
// differences is right where many of them are not 0, and has no width where all are. So MOVER has
// the weight (1 + k)^-0.3 (1 - r)^2 when k queries differ and the arms' estimates correlate by
// r > 0: 0.4 at 20 queries and r = 0, 0.2 at 200; a fifth of these at r = 0.55. The correlation is
// the one between the queries' rates in the two arms, shrunk by the same drawing as the variances,
// so that a few events cannot feign it, and is taken as 0.85 at most: arms that are alike in every
// query leave MOVER alone to make a width.
//
// Two more widen it. Where a few strong queries make the gap, the mean of the differences comes in
// few large steps, and the limits of the stepped interval of clustered.h, on the cumulants of the
// differences, hold where those above do not. And where all queries but a few differ between the
// arms by nothing, or by all there is, each end is at least as far away as the share of queries
// that may do otherwise unseen: of 200 queries of which none differs, or of which all differ by 100
// points, 1.5 points; of 20, 15.
//
// On these queries. The variance of the differences between queries is, on average, no smaller than
// that of their mean given the queries (Neyman, 1923; Imai, 2008, Statistics in Medicine 27:4857):
// the interval over queries like these holds for these queries too. So the one on these queries is
// cut at its ends.
//
// Chosen by simulation: docs/results/intervals.md holds this interval beside MOVER alone, Student's
// t, other weights, the studentised cluster bootstrap and a wild bootstrap, and
// docs/results/coverage.md its coverage in 1,400 kinds of study, each with its command.
//
// Assumes that queries are drawn independently from the population that the gap is about, and that
// what is missing is so by chance (bounds_if_missing is for when it is not). Limits: with fewer
// than some ten queries Student's quantile carries the interval, and one query says nearly nothing.
#pragma once

#include <optional>
#include <span>

#include "base/random.h"
#include "stats/counts.h"
#include "stats/interval.h"
#include "stats/population.h"
#include "stats/sign_flip.h"

namespace iago {

struct GapEstimate {
  double points = 0;  // mean over the queries used of the difference of the two arms' means
  Interval ci95;      // points, within [-100, 100], contains the estimate, never of width 0
  Population population = Population::queries_like_these;  // what ci95 speaks of
  Interval on_these_queries;  // points: on_these_queries.h, and never beyond ci95 (see below)
  double se_paired = 0;    // points: of the mean of the queries' differences; 0 if all are the same
  double se_unpaired = 0;  // points: root of the sum of squares of the arms' own standard errors
                           // (each as of independent completions), as the paper prints it
  std::size_t queries = 0;  // with data in both arms: only these are used
  std::size_t clusters =
      0;  // drawn together, of which ci95 is: the queries, unless groups.h made it
  std::size_t n_more = 0, n_less = 0;  // completions in them
  double p_value = 1;                  // two-sided sign-flip test; see sign_flip.h
  double p_value_error = 0;            // its Monte-Carlo standard error; 0 when enumerated exactly
  Interval bounds_if_missing;  // points: over all ways in which the missing could have come out
};

// The two arms must have the same length (broken: abort). Absent when no query has data in both.
// The gap without faking reasoning is this function on without_faking_reasoning(more, faking);
// its n is n_more.
std::optional<GapEstimate> estimate_gap(std::span<const QueryCounts> more,
                                        std::span<const QueryCounts> less, Random& random,
                                        std::size_t draws = kSignFlipDraws);

// Only what needs no chance: as above, with p_value and p_value_error left at 1 and 0.
std::optional<GapEstimate> estimate_gap_without_test(std::span<const QueryCounts> more,
                                                     std::span<const QueryCounts> less);

// The gap's interval in points at another level, in (0, 1) (broken: abort); ci95 is the one at
// 0.95. Absent when no query has data in both arms.
std::optional<Interval> gap_interval(std::span<const QueryCounts> more,
                                     std::span<const QueryCounts> less, double level);

// Variance of the mean; 0 for fewer than two numbers.
double variance_of_mean(std::span<const double> numbers);

// Per query with data in both arms: more rate minus less rate, as fractions, in the
// order of the queries.
std::vector<double> query_differences(std::span<const QueryCounts> more,
                                      std::span<const QueryCounts> less);

// Lowest and highest gap in points had every missing completion come out in every possible way.
// Queries that have data in both arms only thanks to the filled ones count here, so the interval
// need not contain the estimate. Absent when no query has anything in both arms.
std::optional<Interval> gap_bounds_if_missing(std::span<const QueryCounts> more,
                                              std::span<const QueryCounts> less);

}  // namespace iago
