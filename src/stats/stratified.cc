#include "stats/stratified.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "stats/clustered.h"
#include "stats/label_design.h"

namespace iago {
namespace {

// Where hardly an event was seen, nothing shows how much the labels of a query resemble each other:
// n of them count as n / (1 + 0.35 (n - 1)), as completions of a cluster do (docs/statistics.md).
constexpr double kUnseenCorrelation = 0.35;

std::uint64_t positives_of(std::span<const PairedLabel> labels) {
  return static_cast<std::uint64_t>(std::ranges::count(labels, true, &PairedLabel::is_positive));
}

double careful_n(std::span<const PairedLabel> labels) {
  std::map<std::size_t, double> by_cluster;
  for (const PairedLabel& label : labels) ++by_cluster[label.cluster];
  double sum = 0;
  for (const auto& [cluster, n] : by_cluster) sum += n / (1 + kUnseenCorrelation * (n - 1));
  return sum;
}

// Clusters in which a label of the rarer kind was given.
std::size_t clusters_with(std::span<const PairedLabel> labels, bool kind) {
  std::map<std::size_t, bool> found;
  for (const PairedLabel& label : labels) {
    if (label.is_positive == kind) found[label.cluster] = true;
  }
  return found.size();
}

// Independent labels that would give the rate this error: from 1 to `most`.
double independent(double rate, double se, double most) {
  const double variance = rate * (1 - rate);
  return se > 0 && variance > 0 ? std::clamp(variance / (se * se), 1.0, most) : most;
}

// The error of a share of labels is that of a mean whose judge says nothing.
double share_se(std::span<const PairedLabel> labels) {
  std::vector<PairedLabel> plain(labels.begin(), labels.end());
  for (PairedLabel& label : plain) label.judged = 0;
  return powered_mean({.answers = 1}, plain).clustered_se;
}

// What the judge calls positive, or negative.
struct Group {
  double answers = 0;
  double rate = 0;    // truly positive, of its answers
  double spread = 0;  // variance of that between its strata
};

Group group_of(std::span<const LabelStratum> strata, bool called_positive) {
  Group group;
  for (const LabelStratum& stratum : strata) {
    if (stratum.called_positive != called_positive) continue;
    group.answers += static_cast<double>(stratum.answers);
    group.rate += static_cast<double>(stratum.answers) * stratum.rate;
  }
  if (group.answers == 0) return group;
  group.rate /= group.answers;
  for (const LabelStratum& stratum : strata) {
    if (stratum.called_positive != called_positive) continue;
    const double distance = stratum.rate - group.rate;
    group.spread += static_cast<double>(stratum.answers) / group.answers * distance * distance;
  }
  return group;
}

bool has_too_few(const LabelStratum& stratum) {
  return stratum.labelled < std::min(kLeastInStratum, stratum.answers);
}

// By how much the rate moves if the judge reports so much more. A group without answers is taken
// for what moves it most.
double slope_of(const Group& positive, const Group& negative) {
  return (positive.answers > 0 ? positive.rate : 1) - (negative.answers > 0 ? negative.rate : 0);
}

double covariance_of(const RateEstimate& more, const RateEstimate& less, const GapEstimate& gap) {
  const double of_gap = gap.se_paired / kPoints;
  return (more.se * more.se + less.se * less.se - of_gap * of_gap) / 2;
}

double slope_of(std::span<const LabelStratum> strata) {
  return slope_of(group_of(strata, true), group_of(strata, false));
}

}  // namespace

LabelStratum estimate_stratum(const StratumLabels& stratum, LabelEstimator estimator) {
  const std::span<const PairedLabel> labels = stratum.labels;
  const std::uint64_t positives = positives_of(labels);
  LabelStratum found{.called_positive = stratum.called_positive,
                     .answers = static_cast<std::uint64_t>(stratum.all.answers),
                     .labelled = labels.size(),
                     .truly_positive = positives};
  if (labels.empty()) return found;
  const double n = static_cast<double>(labels.size());
  found.rate = static_cast<double>(positives) / n;
  const std::uint64_t events = std::min<std::uint64_t>(positives, labels.size() - positives);
  const bool rarer = 2 * positives <= labels.size();
  found.effective_n = independent(found.rate, share_se(labels), n);
  if (clusters_with(labels, rarer) < kLeastEvents) {
    found.effective_n = std::min(found.effective_n, careful_n(labels));
  }
  if (estimator != LabelEstimator::prediction_powered || events < kLeastEvents) return found;
  const PoweredMean powered = powered_mean(stratum.all, labels);
  if (powered.mean <= 0 || powered.mean >= 1) return found;
  found.rate = powered.mean;
  found.effective_n = independent(found.rate, powered.clustered_se, kMostGain * n);
  return found;
}

JudgedRate stratified_rate(const RateEstimate& raw, const Interval& of_raw,
                           std::span<const LabelStratum> strata, double seen) {
  if (strata.empty()) return {.state = Correction::not_measured};
  const Group positive = group_of(strata, true), negative = group_of(strata, false);
  const double reported = std::min(raw.rate, seen);
  const bool is_unknown = (reported > 0 && positive.answers == 0) ||
                          (reported < seen && negative.answers == 0) ||
                          std::ranges::any_of(strata, has_too_few);
  if (is_unknown) return {.state = Correction::too_few_labels};
  const double slope = slope_of(positive, negative);
  const double split =
      normal_critical() *
      std::sqrt((reported * positive.spread + (seen - reported) * negative.spread) /
                static_cast<double>(std::max<std::size_t>(1, raw.clusters)));
  const double down = slope * (slope > 0 ? raw.rate - of_raw.lo : of_raw.hi - raw.rate);
  const double up = slope * (slope > 0 ? of_raw.hi - raw.rate : raw.rate - of_raw.lo);
  double rate = 0, below = down * down + split * split, above = up * up + split * split;
  for (const LabelStratum& stratum : strata) {
    if (stratum.answers == 0) continue;
    const Group& group = stratum.called_positive ? positive : negative;
    const double weight = (stratum.called_positive ? reported : seen - reported) *
                          static_cast<double>(stratum.answers) / group.answers;
    const Interval share = clopper_pearson(stratum.rate * stratum.effective_n, stratum.effective_n);
    rate += weight * stratum.rate;
    below += std::pow(weight * (stratum.rate - share.lo), 2);
    above += std::pow(weight * (share.hi - stratum.rate), 2);
  }
  return {.state = Correction::corrected,
          .rate = rate,
          .ci95 = {std::max(0.0, rate - std::sqrt(below)), std::min(1.0, rate + std::sqrt(above))}};
}

JudgedGap stratified_gap(const RateEstimate& more, const RateEstimate& less, const GapEstimate& gap,
                         std::span<const LabelStratum> of_more,
                         std::span<const LabelStratum> of_less, const SeenShares& seen) {
  JudgedGap found{.more = stratified_rate(more, more.ci95, of_more, seen.more),
                  .less = stratified_rate(less, less.ci95, of_less, seen.less)};
  for (Correction state : {Correction::not_measured, Correction::too_few_labels}) {
    if (found.more.state != state && found.less.state != state) continue;
    found.state = state;
    return found;
  }
  found.state = Correction::corrected;
  const double errors = found.more.ci95.width() * found.less.ci95.width() /
                        (4 * normal_critical() * normal_critical());
  const double correlation = correlation_of(
      covariance_of(more, less, gap) * slope_of(of_more) * slope_of(of_less), errors);
  const Interval interval = mover_interval(found.more.rate, found.more.ci95, found.less.rate,
                                           found.less.ci95, correlation, 1);
  found.points = kPoints * (found.more.rate - found.less.rate);
  found.ci95 = {kPoints * interval.lo, kPoints * interval.hi};
  return found;
}

Confusion as_drawn_from_arm(std::span<const LabelStratum> strata) {
  double answers = 0;
  for (const LabelStratum& stratum : strata) answers += static_cast<double>(stratum.answers);
  double texts = answers;  // that none counts for more than its labels
  for (const LabelStratum& stratum : strata) {
    if (stratum.answers == 0) continue;
    texts = std::min(texts, static_cast<double>(stratum.labelled) * answers /
                                static_cast<double>(stratum.answers));
  }
  double right[2] = {0, 0}, wrong[2] = {0, 0};  // by called_positive
  for (const LabelStratum& stratum : strata) {
    if (stratum.answers == 0) continue;
    const double weight = texts * static_cast<double>(stratum.answers) / answers;
    const double positive = weight * stratum.rate, negative = weight * (1 - stratum.rate);
    right[stratum.called_positive] += stratum.called_positive ? positive : negative;
    wrong[stratum.called_positive] += stratum.called_positive ? negative : positive;
  }
  const auto whole = [](double count) { return static_cast<std::uint64_t>(std::llround(count)); };
  return {.true_positive = whole(right[true]),
          .false_negative = whole(wrong[false]),
          .true_negative = whole(right[false]),
          .false_positive = whole(wrong[true])};
}

}  // namespace iago
