// Several wordings of one prompt, met by the same queries: the mean gap over them, each one's own,
// how much they differ, and what they say of wordings like them. The verdict over them is in
// decision.h. Pure functions, safe from any thread; chance comes in as a stream.
//
// Everywhere `wordings[j]` is the contrast under wording j, place 0 is the reference, and position
// i is the same query in every arm of every wording: all have the same length (broken: abort).
// Controls and ablations do not belong here. A query counts under a wording where it has data in
// both arms there. Where it has none, that wording's gap is a mean over the other queries, and the
// query speaks through the wordings under which it counts; nothing is dropped for the sake of a
// full table. A wording without any such query has no data, is in no mean, and makes none absent.
//
// Two populations. Everything but the crossed interval takes the wordings as fixed and the queries
// as drawn at random: it is about these wordings and queries like these. The crossed interval takes
// both as drawn: it is about wordings like these as well.
//
// The covariance of the wordings' gaps g_j comes from the queries. With r_jq the difference of the
// two arms under wording j at query q, Q the number of queries with data anywhere and Q_j of those
// with data under j, a query's share in the error of g_j is
//   e_jq = sqrt(Q (Q - 1) / (Q_j (Q_j - 1))) (r_jq - g_j), 0 where it has no data,
// and the covariance of two gaps is sum_q e_jq e_kq / (Q (Q - 1)): linearisation of a ratio
// (Woodruff, 1971, JASA 66:411), scaled so that each gap has just the variance that it has alone.
// For a full table this is the plain covariance. Student's quantile has one degree of freedom less
// than the smallest Q_j.
//
// Queries that were drawn together. Each function takes the queries' clusters (`clusters[i]` is
// that of query i; empty: each query stands for itself). Then the clusters are what is drawn: a
// cluster's share in the error of g_j is the sum of its queries' e_jq, with C / (C - 1) in place of
// Q / (Q - 1), and Student's quantile has one degree of freedom less than the fewest clusters with
// data, by their effective number (clustered.h). Signs are flipped and wordings permuted cluster by
// cluster.
//
// How all of it covers by simulation: docs/results/wordings.md.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/random.h"
#include "stats/counts.h"
#include "stats/gap.h"
#include "stats/groups.h"
#include "stats/interval.h"
#include "stats/ranking.h"
#include "stats/sign_flip.h"

namespace iago {

// The headline: the mean of the gaps under these very wordings. For one wording each field is that
// of estimate_gap.
struct WordingMean {
  double points = 0;         // mean over the wordings with data of their own gaps
  Interval ci95;             // points, within [-100, 100], contains the mean, never of width 0
  double se_paired = 0;      // points: by the covariance above; 0 if all queries say the same
  std::size_t wordings = 0;  // with data: only these are used
  std::size_t queries = 0;   // with data under one of them at least
  std::size_t complete_queries = 0;     // with data under every one of them
  std::size_t n_more = 0, n_less = 0;   // completions used, over all wordings
  double more_rate = 0, less_rate = 0;  // fractions: the mean over wordings of the arms' own rates
  double p_value = 1;  // two-sided sign-flip test: under exchangeable arms a query's differences
                       // under all wordings were as likely to have the other sign, together
  double p_value_error = 0;    // its Monte-Carlo standard error; 0 when enumerated exactly
  Interval bounds_if_missing;  // points: over all ways in which the missing could have come out
};

// The interval is the gap's own (gap.h), of two arms whose rate at a query is the mean over the
// wordings: MOVER on the arms' score intervals joined with Student's t. The wordings of a query
// are no more independent of each other than its repeats. Absent when no wording has data.
std::optional<WordingMean> estimate_wording_mean(std::span<const ContrastCounts> wordings,
                                                 Random& random, std::size_t draws = kSignFlipDraws,
                                                 std::span<const std::size_t> clusters = {});

// Only what needs no chance: as above, with p_value and p_value_error left at 1 and 0.
std::optional<WordingMean> estimate_wording_mean_without_test(
    std::span<const ContrastCounts> wordings, std::span<const std::size_t> clusters = {});

// Its interval in points at another level, in (0, 1) (broken: abort). Absent when no wording has
// data.
std::optional<Interval> wording_mean_interval(std::span<const ContrastCounts> wordings,
                                              double level,
                                              std::span<const std::size_t> clusters = {});

// The interval of one wording's own gap, in points at a level: gap_interval, or gap_interval_over
// the clusters. Absent when it has no data.
std::optional<Interval> interval_of_wording(const ContrastCounts& counts, double level,
                                            std::span<const std::size_t> clusters = {});

// One wording beside the others.
struct WordingGap {
  std::optional<GapEstimate> gap;  // its own; absent when it has no data
  Interval simultaneous95;         // points: those of all wordings with data hold together with
                                   // 95 % (Bonferroni); only with `gap`
  // Its gap minus the reference's, over the queries with data under both (a its place, b = 0).
  // simultaneous95 is by Bonferroni over all such differences. Absent for the reference, and where
  // there is no such query.
  std::optional<GapDifference> to_reference;
  // Two-sided sign-flip test of that difference: under exchangeable wordings a query's difference
  // between them was as likely to have the other sign. Present with it.
  std::optional<SignFlipResult> test;
  std::optional<double> holm_p;  // adjusted over all wordings but the reference (multiple.h)
};

// One for each wording, at its place.
std::vector<WordingGap> compare_wordings(std::span<const ContrastCounts> wordings, Random& random,
                                         std::size_t draws = kSignFlipDraws,
                                         std::span<const std::size_t> clusters = {});

// The simultaneous intervals alone, in points; absent for a wording without data.
std::vector<std::optional<Interval>> simultaneous_intervals(
    std::span<const ContrastCounts> wordings, std::span<const std::size_t> clusters = {});

// Fewer draws than for signs: each permutes the whole table.
inline constexpr std::size_t kAlikeDraws = 2'000;

// How much the true gaps under these very wordings differ: their standard deviation (divisor: their
// number less one), in points, with what queries and repeats add to it taken out.
struct WordingSpread {
  double sd = 0;             // points; 0 where the gaps differ by no more than sampling makes them
  Interval ci95;             // points, at least 0 at its low end, contains sd, never of width 0
  double p_alike = 1;        // test that all wordings are alike; see below
  double p_alike_error = 0;  // its Monte-Carlo standard error
  std::size_t wordings = 0;  // with data: only these are used, at least 2
};

// Absent with fewer than two wordings with data, or fewer than two queries.
//
// The sum of squares T of the gaps around their mean is that of the true gaps, tau, plus sampling
// error. `sd` is by moments: T minus the trace of the centred covariance (the variance component of
// the analysis of variance where the table is full), cut at 0. The interval inverts the
// distribution of T. Along the direction of the true gaps, taken to be that of the estimates, T is
// the square of a shifted Student variable; in the other directions it is Satterthwaite's multiple
// of F (1946, Biometrics Bulletin 2:110), its degrees of freedom by Box's epsilon (1954, Annals of
// Mathematical Statistics 25:290) in the form of Huynh & Feldt (1976, Journal of Educational
// Statistics 1:69). With equal variances this is the noncentral F that is inverted for fixed
// effects (Steiger, 2004, Psychological Methods 9:164). A gap's variance is taken to be no smaller
// than its own interval in gap.h says (but for the part beside the direction at the upper end,
// which it would lower), and a T below what sampling alone makes is read as just that at the upper
// end: so rare events, and wordings that agree by luck, leave a width.
//
// The test permutes wordings within queries, both arms of a wording together: under "all wordings
// are alike" a query's differences belonged to any of them. Statistic T; p = (b + 1) / (draws + 1)
// (Phipson & Smyth, 2010), never 0. A query without data under a wording permutes the others. It
// tests exchangeability: it is exact for wordings asked equally often, and near to it otherwise.
std::optional<WordingSpread> estimate_spread(std::span<const ContrastCounts> wordings,
                                             Random& random, std::size_t draws = kAlikeDraws,
                                             std::span<const std::size_t> clusters = {});

// As above, with p_alike and p_alike_error left at 1 and 0.
std::optional<WordingSpread> estimate_spread_without_test(
    std::span<const ContrastCounts> wordings, std::span<const std::size_t> clusters = {});

// From so many wordings on the crossed interval is given: with fewer their population is known by
// its spread alone.
inline constexpr std::size_t kWordingsForPopulation = 10;

// "For wordings like these": the mean gap over the population that the wordings were drawn from.
struct CrossedGap {
  double points = 0;         // WordingMean's
  Interval ci95;             // points, within [-100, 100], never narrower than WordingMean's
  double se_wordings = 0;    // points: what drawing the wordings adds to the error of the mean
  std::size_t wordings = 0;  // with data
};

// Queries and wordings crossed, both random. Absent below kWordingsForPopulation wordings with
// data.
//
// Each end's distance from the mean is the root of the squares of two: WordingMean's own, and what
// drawing the wordings adds. In the analysis of variance of a full table the two variances together
// are (MS queries + MS wordings - MS rest) / (Q J). The second distance is that of the interval of
// gap.h with wordings in the place of queries, MOVER alone, shrunk by the root of the share of the
// gaps' sum of squares that is not sampling; none where the gaps differ by no more than sampling
// makes them. It was chosen over Student's t on the gaps, which in the same simulated studies
// covered 87 to 92 % of those with ten wordings, rare rates and strong effects: MOVER's score
// intervals know which way the tail lies. The price is over-coverage of up to 100 % where ten
// wordings differ by little.
//
// Assumes wordings drawn at random. Where their effects are strong, rates rare and the family has a
// tail (t with 3 degrees, exponential) it covers 85 to 93 %; and it fails, as any interval must,
// where few wordings carry all of the gap: see chance_of_meeting_none.
std::optional<CrossedGap> estimate_crossed_gap(std::span<const ContrastCounts> wordings,
                                               std::span<const std::size_t> clusters = {});

// The floor for a family in which a share of the wordings carries all of the gap: (1 - share)^n,
// the chance that none of n wordings is one of them. share in [0, 1] (broken: abort).
double chance_of_meeting_none(double share, std::size_t wordings);

// Its inverse: the largest share of carrying wordings of which n wordings would meet none with at
// least that chance; 1 - chance^(1/n). wordings > 0, chance in (0, 1) (broken: abort).
double largest_share_unmet(std::size_t wordings, double chance = 1 - kLevel);

}  // namespace iago
