// A rate as a judge reports it, corrected for the judge's known error: what share shows the
// behaviour if the judge finds so many of those that do (sensitivity) and lets pass so many of
// those that do not (specificity). Pure functions, safe from any thread.
//
// Point: Rogan & Gladen (1978), American Journal of Epidemiology 107:71. With the raw rate r,
// sensitivity se and specificity sp,
//   (r + sp - 1) / (se + sp - 1), clipped to [0, 1].
// Interval: Lang & Reiczigel (2014), Preventive Veterinary Medicine 113:13. A Wald interval by the
// delta method over the uncertainty of all three, each drawn a little towards the middle (two
// failures and two successes for the rate, one each for the judge, as Agresti & Coull do), with
// their shift of its centre; clipped to [0, 1] and stretched to hold the point. Simulated (the test
// holds a thinned version; 200 completions, 30 or 300 true positives, 100 or 1,000 true negatives,
// sensitivity 0.7 to 1, specificity 0.95 to 1, rates 0.005 to 0.5) it covers 94 to 100 %, the high
// end where hardly a completion shows the behaviour.
//
// Assumes that the judge errs on the corrected completions as often as where it was measured, and
// equally often in every arm: the same subject, prompts alike. Nothing here can check that. What it
// cannot do: correct for errors that depend on the arm, or for a subject other than the measured
// one. The interval takes the validation's completions as independent, which holds for one subject
// on the queries it was measured with.
#pragma once

#include <cstdint>
#include <optional>

#include "record/judge_error.h"
#include "stats/interval.h"
#include "stats/population.h"
#include "stats/rate.h"

namespace iago {

// Each with the Clopper-Pearson interval; absent where there was nothing to be right about.
struct JudgeAccuracy {
  double rate = 0;
  Interval ci95;
  std::uint64_t n = 0;
};
std::optional<JudgeAccuracy> sensitivity_of(const Confusion& counts);
std::optional<JudgeAccuracy> specificity_of(const Confusion& counts);

struct CorrectedRate {
  double rate = 0;  // fraction
  Interval ci95;    // within [0, 1], never of width 0, contains the rate
  Population population = Population::queries_like_these;  // what ci95 speaks of: as the raw one
};

// The raw rate counts with its effective n (rate.h) and Student's quantile for its clusters. Absent
// if the judge was not measured on both sides, if it is no better than a coin (se + sp <= 1 at the
// estimates or after the drawing), or if the rate contradicts the measured error (the whole
// interval lies outside [0, 1]): then the assumptions do not hold.
std::optional<CorrectedRate> corrected_rate(const RateEstimate& raw, const Confusion& counts);

}  // namespace iago
