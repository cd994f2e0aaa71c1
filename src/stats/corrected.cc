// Of a true share p a judge that errs reports r = p se + (1-p)(1-sp). Solved for p this is the
// point. The interval adds up what is not known of r, of se and of sp, by the delta method: with J
// = se + sp - 1, dp/dr = 1/J, dp/dse = -p/J and dp/dsp = (1-p)/J. The worse the judge, the smaller
// J, and the wider everything.
#include "stats/corrected.h"

#include <algorithm>
#include <cmath>

namespace iago {
namespace {

std::optional<JudgeAccuracy> accuracy(std::uint64_t right, std::uint64_t wrong) {
  const std::uint64_t all = right + wrong;
  if (all == 0) return std::nullopt;
  const double n = static_cast<double>(all);
  return JudgeAccuracy{static_cast<double>(right) / n,
                       clopper_pearson(static_cast<double>(right), n), all};
}

// A proportion drawn towards the middle, with the variance of its estimate.
struct Shrunk {
  double rate, variance;
};

Shrunk shrunk(const JudgeAccuracy& accuracy) {
  const double n = static_cast<double>(accuracy.n);
  const double rate = (accuracy.rate * n + 1) / (n + 2);
  return {rate, rate * (1 - rate) / (n + 2)};
}

Shrunk shrunk(const RateEstimate& raw, double critical) {
  const double n = raw.effective_n, square = critical * critical;
  const double rate = (raw.rate * n + square / 2) / (n + square);
  return {rate, rate * (1 - rate) / (n + square)};
}

// Lang and Reiczigel's, before clipping.
Interval uncertain(const Shrunk& raw, const Shrunk& sensitivity, const Shrunk& specificity,
                   double critical) {
  const double youden = sensitivity.rate + specificity.rate - 1;
  const double p = (raw.rate + specificity.rate - 1) / youden, q = 1 - p;  // perhaps outside [0, 1]
  const double centre =
      p + 2 * critical * critical * (p * sensitivity.variance - q * specificity.variance);
  const double error =
      std::sqrt(raw.variance + p * p * sensitivity.variance + q * q * specificity.variance) /
      youden;
  return {centre - critical * error, centre + critical * error};
}

}  // namespace

std::optional<JudgeAccuracy> sensitivity_of(const Confusion& counts) {
  return accuracy(counts.true_positive, counts.false_negative);
}

std::optional<JudgeAccuracy> specificity_of(const Confusion& counts) {
  return accuracy(counts.true_negative, counts.false_positive);
}

std::optional<CorrectedRate> corrected_rate(const RateEstimate& raw, const Confusion& counts) {
  const auto se = sensitivity_of(counts), sp = specificity_of(counts);
  if (!se || !sp || raw.effective_n <= 0) return std::nullopt;
  const Shrunk drawn_se = shrunk(*se), drawn_sp = shrunk(*sp);
  const double youden = se->rate + sp->rate - 1;
  if (youden <= 0 || drawn_se.rate + drawn_sp.rate <= 1) return std::nullopt;
  const double critical = raw.clusters > 1 ? student_critical(static_cast<double>(raw.clusters - 1))
                                           : normal_critical();
  const Interval open = uncertain(shrunk(raw, critical), drawn_se, drawn_sp, critical);
  // Clipped, such an interval would be a point at 0 or 1 and look like certainty.
  if (open.hi <= 0 || open.lo >= 1) return std::nullopt;
  const double rate = std::clamp((raw.rate + sp->rate - 1) / youden, 0.0, 1.0);
  return CorrectedRate{
      .rate = rate,
      .ci95 = {std::min(rate, std::max(0.0, open.lo)), std::max(rate, std::min(1.0, open.hi))},
      .population = raw.population};
}

}  // namespace iago
