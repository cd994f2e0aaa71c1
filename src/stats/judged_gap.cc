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

JudgedRate judged(double raw, const Interval& of_raw, const Confusion& counts, double seen) {
  if (counts.total() == 0) return {.state = Correction::not_measured};
  const auto se = sensitivity_of(counts), sp = specificity_of(counts);
  if (!se || !sp || se->ci95.lo + sp->ci95.lo - 1 < kLeastYouden) {
    return {.state = Correction::too_few_labels};
  }
  const double f = 1 - sp->rate, youden = se->rate - f;
  // Even if all is at the end that explains the rate best, the rate is beyond it.
  if (of_raw.hi < seen * (1 - sp->ci95.hi) || of_raw.lo > seen * se->ci95.hi) {
    return {.state = Correction::contradicted};
  }
  const double unclipped = (raw - seen * f) / youden;
  const double p = std::clamp(unclipped, 0.0, seen);
  const auto distance = [&](double of_rate, double of_specificity, double of_sensitivity) {
    return std::hypot(of_rate, (seen - p) * of_specificity, p * of_sensitivity) / youden;
  };
  const double below = distance(raw - of_raw.lo, sp->rate - sp->ci95.lo, se->ci95.hi - se->rate);
  const double above = distance(of_raw.hi - raw, sp->ci95.hi - sp->rate, se->rate - se->ci95.lo);
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

JudgedRate judged_rate(const RateEstimate& raw, const Confusion& counts, double seen) {
  return judged(raw.rate, raw.ci95, counts, seen);
}

JudgedRate judged_rate_on_these_queries(const RateEstimate& raw, const Confusion& counts,
                                        double seen) {
  return judged(raw.rate, raw.on_these_queries, counts, seen);
}

JudgedGap judged_gap(const RateEstimate& more, const RateEstimate& less, const GapEstimate& gap,
                     const Confusion& of_more, const Confusion& of_less, const SeenShares& seen) {
  JudgedGap found{.more = judged_rate(more, of_more, seen.more),
                  .less = judged_rate(less, of_less, seen.less)};
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
                                          const Interval& gap_points, double margin_points,
                                          bool is_no_gap, const SeenShares& seen) {
  const double lo = gap_points.lo / kPoints, hi = gap_points.hi / kPoints;
  const double margin = margin_points / kPoints;
  std::optional<TippingPoint> nearest;
  const auto add = [&](TippingPoint::Rate rate, bool is_in_more, double below) {
    if (!(below > 0 && below < 1) || (nearest && nearest->below >= below)) return;
    nearest = TippingPoint{rate, is_in_more, below};
  };
  // Each is found at the end of one arm's rate that makes the interval's end, the other arm as it
  // is: with sensitivity s that end becomes e / s, with false alarms f in a seen share a of the arm
  // it becomes (e - a f) / (1 - f).
  const auto seen_in = [&](bool is_in_more) { return is_in_more ? seen.more : seen.less; };
  const auto add_missed = [&](bool is_in_more, double end, double wanted) {
    // No more can have been missed than was seen.
    if ((is_in_more ? more_rate : less_rate) > 0 && wanted <= seen_in(is_in_more)) {
      add(TippingPoint::Rate::sensitivity, is_in_more, end / wanted);
    }
  };
  const auto add_alarms = [&](bool is_in_more, double end, double wanted) {
    if (wanted < 0) return;  // there are not so many to be false
    const double judged = seen_in(is_in_more);
    if (wanted >= judged) return;
    add(TippingPoint::Rate::specificity, is_in_more, (judged - end) / (judged - wanted));
  };
  if (!is_no_gap && lo > 0) {
    add_alarms(true, less_rate + lo, less_rate);
    add_missed(false, more_rate - lo, more_rate);
  } else if (!is_no_gap && hi < 0) {
    add_alarms(false, more_rate - hi, more_rate);
    add_missed(true, less_rate + hi, less_rate);
  } else if (lo > -margin && hi < margin) {
    add_missed(true, less_rate + hi, less_rate + margin);
    add_alarms(false, more_rate - hi, more_rate - margin);
    add_missed(false, more_rate - lo, more_rate + margin);
    add_alarms(true, less_rate + lo, less_rate - margin);
  }
  return nearest;
}

TippingPoint as_judged(const TippingPoint& corrected, const Confusion& counts) {
  const double sensitivity = sensitivity_of(counts)->rate;
  const double alarms = 1 - specificity_of(counts)->rate, youden = sensitivity - alarms;
  TippingPoint found = corrected;
  if (corrected.rate == TippingPoint::Rate::sensitivity) {
    found.below = alarms + corrected.below * youden;
    found.measured = sensitivity;
    found.measured_ci95 = sensitivity_of(counts)->ci95;
  } else {
    found.below = 1 - (alarms + (1 - corrected.below) * youden);
    found.measured = 1 - alarms;
    found.measured_ci95 = specificity_of(counts)->ci95;
  }
  return found;
}

std::optional<double> tipping_specificity(const Interval& rate) {
  if (rate.lo <= 0) return std::nullopt;
  return 1 - rate.lo;
}

}  // namespace iago
