// A gap as judges report it whose errors may differ by arm: corrected where the errors were
// measured in each arm, and, where they were not, what error would overturn the finding. Pure
// functions, safe from any thread.
//
// Each arm's rate is corrected as in corrected.h: with the raw rate r, sensitivity se and f = 1 -
// specificity, p = (r - f) / J with J = se - f. An end of its interval is as far from p as the root
// of the sum of squares of what each of the three could move it there: the raw rate's own end,
// (1 - p) times that of f, and p times that of se, over J. This is square and add (MOVER: Zou &
// Donner, 2008, Statistics in Medicine 27:1693) on the gradient of the correction, with Clopper and
// Pearson's limits for the two error rates: a judge without a mistake in n still may have made 3.7
// in n. Lang & Reiczigel (2014, Preventive Veterinary Medicine 113:13) do it by the delta method
// with shrunken rates, which for the difference of two arms has no exact end to add. The two arms'
// intervals are joined by MOVER once more, with the correlation that the queries show between the
// raw rates; the labels of the two arms are different texts and independent.
//
// Simulated in docs/results/judged.md, with errors that differ by arm.
//
// Assumes that the labelled texts of an arm were drawn at random from it, or at random within what
// the judge said.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "record/judge_error.h"
#include "stats/gap.h"
#include "stats/interval.h"
#include "stats/rate.h"

namespace iago {

// Whether an arm's rate could be corrected.
enum class Correction {
  corrected,
  not_measured,    // no text with a known truth, in one of the arms
  too_few_labels,  // none of one kind, or so few that J may be below kLeastYouden
  contradicted,    // more or less is reported than such a judge could report at any rate
};
// "corrected", "not measured", "too few labels", "contradicted".
std::string_view name_of(Correction correction);

// What a judge's se + sp - 1 has to exceed at the lower limits of both (each at 95 %). Below that
// the correction divides by next to nothing, and the interval covers less than it says.
inline constexpr double kLeastYouden = 0.3;

struct JudgedRate {
  Correction state = Correction::not_measured;
  double rate = 0;     // fraction; like ci95 only where corrected
  Interval ci95 = {};  // within [0, 1], contains the rate
};

// ci95 is of the population that the raw ci95 is of.
// `seen`: the share of what is counted that the judge has seen, in [0, 1]: not what the provider
// refused, which counts as not showing the behaviour and cannot be a false alarm. Then
// p = (r - seen f) / (se - f) for a false-alarm rate f.
JudgedRate judged_rate(const RateEstimate& raw, const Confusion& counts, double seen = 1);

// The same for the raw interval on these queries.
JudgedRate judged_rate_on_these_queries(const RateEstimate& raw, const Confusion& counts,
                                        double seen = 1);

struct JudgedGap {
  Correction state = Correction::not_measured;  // the worse of the arms'
  JudgedRate more, less;
  double points = 0;   // like ci95 only where corrected
  Interval ci95 = {};  // points, within [-100, 100], contains the estimate
};

struct SeenShares {  // of each arm, as judged_rate's `seen`
  double more = 1, less = 1;
};
// `gap` is the raw one, of the same counts as the two rates.
JudgedGap judged_gap(const RateEstimate& more, const RateEstimate& less, const GapEstimate& gap,
                     const Confusion& of_more, const Confusion& of_less,
                     const SeenShares& seen = {});

// An error of the judge that, alone, would undo a finding: one of its two rates, in one arm, with
// everything else as if it never erred.
struct TippingPoint {
  enum class Rate { sensitivity, specificity };
  Rate rate = Rate::specificity;
  bool is_in_more = true;
  double below = 1;                     // the finding falls if the rate is below this; in (0, 1)
  std::optional<double> measured = {};  // the rate as it was measured, where it was corrected for
  std::optional<Interval> measured_ci95 = {};  // and its interval
};

// The highest of the four rates below which the finding falls, so the smallest error that undoes
// it. Gap (its interval excludes 0): false alarms in the arm that shows more, or positives missed
// in the other, that carry the nearer end to 0. No gap (its interval lies inside the margin):
// positives missed in one arm, or false alarms in the other, that carry an end out of the margin.
// Absent where the interval is neither, and where no such rate lies in (0, 1). `is_no_gap`: the
// verdict is that there is no gap, though the interval may exclude 0. A judge can miss and raise
// false alarms only in what it has seen: `seen` as in judged_gap.
std::optional<TippingPoint> tipping_point(double more_rate, double less_rate,
                                          const Interval& gap_points, double margin_points,
                                          bool is_no_gap = false, const SeenShares& seen = {});

// A tipping point of corrected rates, in the terms of the judge: a judge whose error was corrected
// for by these counts errs as much as the point says if, of what the correction takes for positive
// and negative texts, it errs in so many more. With f = 1 - specificity as measured, a sensitivity
// s of corrected rates is f + s (sensitivity - f), and a false-alarm rate likewise. Counts that
// corrected a rate (judged_rate).
TippingPoint as_judged(const TippingPoint& corrected, const Confusion& counts);

// For a rate that is named because its lower limit is above 0: the specificity below which it would
// not be. Absent where it is 0.
std::optional<double> tipping_specificity(const Interval& rate);

}  // namespace iago
