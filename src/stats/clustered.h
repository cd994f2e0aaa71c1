// One arm's rate as an effective binomial sample: what the intervals of rate.h and gap.h share.
// Pure functions, safe from any thread; internal to the room.
//
// The mean over queries is p, its variance between queries v. Had the completions been independent,
// n of them would give p(1-p)/n; so n* = p(1-p)/v independent ones say as much (Kish's design
// effect, 1965), and a binomial interval on n* with Student's quantile for queries - 1 degrees of
// freedom is one for p (Korn & Graubard, 1998, Survey Methodology 24:193, there with Clopper and
// Pearson's; Dean & Pagano, 2015, J. Survey Stat. Methodol. 3:484, compare others).
//
// Where few queries show the rarer outcome, v is not to be trusted and is drawn towards full
// clustering (v = p(1-p)/queries), with weight (1 + k)^-1.5 when k queries show it: 0 of 2,000 over
// 200 queries speaks like 0 of 200. And v is taken as at least half of what independent completions
// would have: queries that agree by luck must not make a width of 0. Both constants were chosen by
// simulation (bench/coverage): exponent 1 covers 99 % where ten events are expected, exponent 2
// falls to 91.5 % at 50 queries and correlation 0.3; the whole independent variance as the floor
// covers up to 99 % at 20 queries.
//
// Sets of queries that were drawn together (groups.h) come as queries, too. Where none shows the
// rarer outcome, a query speaks like one trial however often it was asked, but a set of queries
// like more: as many as there would be if one set showed it once. Then full clustering has the
// weight 2^-1.5 = 0.35, which is the correlation of a set's completions that this amounts to, and n
// of them are n / (1 + 0.35 (n - 1)) trials, at most one for each query. So 0 of 200 queries in 20
// sets speak like 0 of 48, and the limit of an arm without an event lies no further out than that
// of one with an event. Taking 0.35 for the correlation is safe: with 20 sets of 10 at a
// correlation of 0.1 to 0.4 the gap's interval covers 95 % and more (clustered_sets_test.cc).
//
// Few sets, or sets of unequal size. A set that holds most of the queries decides alone, however
// many small ones stand beside it. Sets of M_c queries count for
//   C* = (sum M_c)^2 / sum M_c^2
// sets of one size (Kish's effective number; Carter, Schnepel & Steigerwald, 2017, Review of
// Economics and Statistics 99:698, with clusters alike but for their size): one of 190 queries and
// ten of one query count for 1.1. Student's quantile has C* - 1 degrees of freedom, C - 1 where all
// are of one size. And where every unit says the same in all its answers, a share of up to
// 1 - tail^(1/C*) of others may say something else: of a rate of 0 or 1, and of a gap that is 0, or
// all there is, in every unit, no limit is nearer than that. Simulated in docs/results/clusters.md.
//
// A few strong queries. Where some queries always comply and the rest hardly ever do, what the
// queries do to the rate comes in few large steps, as a binomial sample of the effective size does
// not know: with 200 queries of which 3 are expected to be strong it covers 91 %. The third
// cumulant of the mean shows the steps. The estimate is then a shifted and scaled Poisson variable
// of the same first three cumulants, k1, k2, k3: steps of w = k3 / k2, of which lambda = k2^3 /
// k3^2 were seen on average. For strong queries alone w is 1/queries and lambda their number. Its
// limits are Garwood's (1936, Biometrika 28:437) for lambda counts, half a count further out, as
// for a real-valued count there is neither the one nor the other convention; and with less in each
// tail where lambda is small (3.5 % in both at 0, 5 % as it grows), for a few steps tell their own
// size badly. (Johnson, 1978, JASA 73:536, corrects
// Student's t by the same cumulant, to first order: not enough where lambda is 1.) The interval of
// a rate is the wider at each end of this one, if the queries differ by more than chance, of the
// one above, and of the one on these queries; as lambda grows the first has the second's limits.
// Simulated with docs/results/coverage.md.
//
// Assumes that queries are drawn independently from the population that the rate is about, and that
// what is missing is so by chance (the bounds are for when it is not).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "stats/counts.h"
#include "stats/interval.h"

namespace iago {

inline Interval in_points(const Interval& fraction) {
  return {kPoints * fraction.lo, kPoints * fraction.hi};
}

struct ClusteredRate {
  double rate = 0;                // mean over queries
  double variance = 0;            // of the rate, between queries, as measured; 0 for a single query
  double effective_n = 0;         // as above, after drawing; within [queries - 1, 2 n]
  double effective_variance = 0;  // rate (1 - rate) / effective_n: `variance` after drawing
  double units = 0;               // queries, or sets by their effective number
  double independent = 0;         // variance of the rate had every completion been independent
  double third_cumulant = 0;      // of the rate, between queries, as measured; 0 below 3 queries
  double critical = 0;            // Student's, 95 %
  std::size_t queries = 0, n = 0;
};

inline constexpr double kFullClusterExponent = 1.5;
inline constexpr double kIndependentFloor = 0.5;
// 2^-kFullClusterExponent: of the completions of a set that shows no event.
inline constexpr double kUnseenCorrelation = 0.35355339059327373;

// What one query says of an arm's rate, from its own completions or from several samples of it; or
// a set of queries that were drawn together.
struct QueryRate {
  double rate = 0;
  double inverse_trials = 0;  // its variance had it come from independent draws, over p(1-p)
  bool has_success = false, has_failure = false;
  std::size_t n = 0;        // completions
  std::size_t queries = 1;  // of a set: how many it holds

  // How many trials it speaks like where it and all others show no event; at least 1.
  double unseen_trials() const;
};

ClusteredRate clustered_rate(std::span<const QueryRate> queries);

// Of the queries with trials, in their order.
std::vector<QueryRate> query_rates(std::span<const QueryCounts> arm);

// How many units of one size units of these sizes count for; 0 without any. Sizes above 0.
double effective_units(std::span<const double> sizes);

// Of Student's quantile, for so many units. Below two units hardly anything is known: 0.25 at
// least, where the quantile is 10^5 and the interval is everything.
double degrees_of_freedom(double units);

// Queries without trials are left out. With none that has any, everything is 0.
ClusteredRate clustered_rate(std::span<const QueryCounts> arm);

// The same from planned figures: `spread` is the expected variance of one query's own rate.
ClusteredRate planned_rate(double rate, double spread, std::size_t queries, std::size_t repeats);

// The mid-P interval on the effective sample, Student's quantile being worked into its size as
// effective_n (normal / student)^2 (Korn & Graubard).
Interval rate_interval(const ClusteredRate& arm);

// The limits of an estimate by its first three cumulants as a shifted Poisson variable: see above.
// `critical` is Student's. Not cut; infinite where hardly a degree of freedom is left. Of width 0
// only where the variance is.
Interval stepped_interval(double estimate, double variance, double third_cumulant, double critical);

// Wilson's interval on the effective sample.
Interval score_interval(const ClusteredRate& arm);

// A covariance of two estimates over the product of their standard errors, as a correlation within
// [-0.99, 0.99]: an interval of their difference keeps a width whatever the data. 0 where the
// product is none.
double correlation_of(double covariance, double product_of_errors);

// The interval of x - y from the intervals of x and y, by square and add: MOVER (Zou & Donner,
// 2008, Statistics in Medicine 27:1693). `correlation` is that of the two estimates, in (-1, 1).
// Cut to [-most, most].
Interval mover_interval(double x, const Interval& of_x, double y, const Interval& of_y,
                        double correlation, double most);

// The interval of a.rate - b.rate as a fraction by MOVER, from the arms' own score intervals. With
// no correlation this is Newcombe's method 10 (1998, Statistics in Medicine 17:873).
Interval mover_interval(const ClusteredRate& a, const ClusteredRate& b, double correlation);

// What the queries' own differences say.
struct Differences {
  double variance = 0;        // of their mean
  double differing = 0;       // how many are not 0
  double deviating = 0;       // how many do not all the same: see count_deviating
  double third_cumulant = 0;  // of their mean, 0 below 3 of them
};

// Of differences between two rates, how many are not at the most frequent of their three ends: -1,
// 0 and 1. At these a unit says the same in each answer; elsewhere its answers vary by themselves.
double count_deviating(std::span<const double> numbers);

// The figures of numbers of which the mean is taken.
Differences describe_differences(std::span<const double> numbers);

// MOVER's weight beside Student's t: (1 + k)^-queries (1 - r)^correlation where k queries differ
// and the two arms' estimates correlate by r > 0. Zeros leave MOVER alone. How it was chosen:
// gap.h.
struct MoverWeight {
  double queries = 0.3, correlation = 2;
};

// The gap's interval as a fraction: see gap.h.
Interval joined_interval(const ClusteredRate& a, const ClusteredRate& b, const Differences& pairs,
                         const MoverWeight& mover_weight = {});

// The same without what few strong queries and few differing ones add: MOVER and Student's t.
Interval plain_joined_interval(const ClusteredRate& a, const ClusteredRate& b,
                               const Differences& pairs, const MoverWeight& mover_weight = {});

}  // namespace iago
