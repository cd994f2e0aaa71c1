#include "stats/judged_gap.h"

#include <algorithm>
#include <cmath>

#include "record/names.h"
#include "stats/clustered.h"
#include "stats/corrected.h"

namespace iago {
namespace {

constexpr EnumName<Correction> kCorrectionNames[] = {{Correction::corrected, "corrected"},
                                                     {Correction::not_measured, "not measured"},
                                                     {Correction::too_few_labels, "too few labels"},
                                                     {Correction::contradicted, "contradicted"}};

JudgedRate judged(double raw, const Interval& of_raw, const Confusion& counts) {
  if (counts.total() == 0) return {.state = Correction::not_measured};
  const auto se = sensitivity_of(counts), sp = specificity_of(counts);
  if (!se || !sp || se->ci95.lo + sp->ci95.lo - 1 < kLeastYouden) {
    return {.state = Correction::too_few_labels};
  }
  const double f = 1 - sp->rate, youden = se->rate - f;
  // Even if all is at the end that explains the rate best, the rate is beyond it.
  if (of_raw.hi < 1 - sp->ci95.hi || of_raw.lo > se->ci95.hi) {
    return {.state = Correction::contradicted};
  }
  const double p = std::clamp((raw - f) / youden, 0.0, 1.0);
  const auto distance = [&](double of_rate, double of_specificity, double of_sensitivity) {
    return std::hypot(of_rate, (1 - p) * of_specificity, p * of_sensitivity) / youden;
  };
  const double below = distance(raw - of_raw.lo, sp->rate - sp->ci95.lo, se->ci95.hi - se->rate);
  const double above = distance(of_raw.hi - raw, sp->ci95.hi - sp->rate, se->rate - se->ci95.lo);
  const double unclipped = (raw - f) / youden;
  return {.state = Correction::corrected,
          .rate = p,
          .ci95 = {std::clamp(unclipped - below, 0.0, p), std::clamp(unclipped + above, p, 1.0)}};
}

// Of the two estimates, from the raw rates' covariance over queries.
double correlation_of_judged(const RateEstimate& more, const RateEstimate& less,
                             const GapEstimate& gap, const JudgedGap& found,
                             const Confusion& of_more, const Confusion& of_less) {
  const double of_gap = gap.se_paired / kPoints;
  const double covariance = (more.se * more.se + less.se * less.se - of_gap * of_gap) / 2;
  const auto youden = [](const Confusion& counts) {
    return sensitivity_of(counts)->rate + specificity_of(counts)->rate - 1;
  };
  const double normal = normal_critical();
  const double product =
      (found.more.ci95.width() / (2 * normal)) * (found.less.ci95.width() / (2 * normal));
  return correlation_of(covariance / (youden(of_more) * youden(of_less)), product);
}

}  // namespace

std::string_view name_of(Correction correction) { return name_in(kCorrectionNames, correction); }

JudgedRate judged_rate(const RateEstimate& raw, const Confusion& counts) {
  return judged(raw.rate, raw.ci95, counts);
}

JudgedRate judged_rate_on_these_queries(const RateEstimate& raw, const Confusion& counts) {
  return judged(raw.rate, raw.on_these_queries, counts);
}

JudgedGap judged_gap(const RateEstimate& more, const RateEstimate& less, const GapEstimate& gap,
                     const Confusion& of_more, const Confusion& of_less) {
  JudgedGap found{.more = judged_rate(more, of_more), .less = judged_rate(less, of_less)};
  for (Correction state :
       {Correction::not_measured, Correction::too_few_labels, Correction::contradicted}) {
    if (found.more.state != state && found.less.state != state) continue;
    found.state = state;
    return found;
  }
  found.state = Correction::corrected;
  const double correlation = correlation_of_judged(more, less, gap, found, of_more, of_less);
  const Interval interval = mover_interval(found.more.rate, found.more.ci95, found.less.rate,
                                           found.less.ci95, correlation, 1);
  found.points = kPoints * (found.more.rate - found.less.rate);
  found.ci95 = {kPoints * interval.lo, kPoints * interval.hi};
  return found;
}

std::optional<TippingPoint> tipping_point(double more_rate, double less_rate,
                                          const Interval& gap_points, double margin_points) {
  const double lo = gap_points.lo / kPoints, hi = gap_points.hi / kPoints;
  const double margin = margin_points / kPoints;
  const auto made = [](TippingPoint::Rate rate, bool is_in_more,
                       double below) -> std::optional<TippingPoint> {
    if (!(below > 0 && below < 1)) return std::nullopt;
    return TippingPoint{rate, is_in_more, below};
  };
  using enum TippingPoint::Rate;
  if (lo > 0) return made(specificity, true, 1 - lo / (1 - less_rate));
  if (hi < 0) return made(specificity, false, 1 + hi / (1 - more_rate));
  if (lo <= -margin || hi >= margin) return std::nullopt;
  // With sensitivity s in one arm its rate, and the distance of its end, grow by 1 / s.
  const auto in_more = made(sensitivity, true, (hi + less_rate) / (margin + less_rate));
  const auto in_less = made(sensitivity, false, (more_rate - lo) / (margin + more_rate));
  const bool more_could = more_rate > 0 && in_more, less_could = less_rate > 0 && in_less;
  if (more_could && (!less_could || in_more->below >= in_less->below)) return in_more;
  return less_could ? in_less : std::nullopt;
}

std::optional<double> tipping_specificity(const Interval& rate) {
  if (rate.lo <= 0) return std::nullopt;
  return 1 - rate.lo;
}

}  // namespace iago
