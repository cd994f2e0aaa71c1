#include "stats/internal/judging.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "stats/corrected.h"
#include "stats/gap.h"
#include "stats/stratified.h"

namespace iago {
namespace {

// Means over queries, as the rates are.
double seen_in(std::span<const QueryCounts> all, std::span<const QueryCounts> seen) {
  double sum = 0, queries = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].trials == 0) continue;
    sum += static_cast<double>(seen[i].trials) / static_cast<double>(all[i].trials);
    ++queries;
  }
  return queries > 0 ? sum / queries : 1;
}

bool is_by_strata(const JudgeEvidence& judge) {
  return !judge.more_strata.empty() && !judge.less_strata.empty();
}

// By strata or by counts, of which both arms have some.
JudgedGap judged_gap_of(const ContrastEvidence& evidence, const JudgeEvidence& judge,
                        bool is_of_labels_alone = false) {
  const Pooled all = pooled(evidence.wordings, evidence.clusters);
  RateEstimate more = *estimate_rate_over(all.counts.more, all.drawn());
  RateEstimate less = *estimate_rate_over(all.counts.less, all.drawn());
  GapEstimate gap = *estimate_gap_over_without_test(all.counts.more, all.counts.less, all.drawn());
  if (is_of_labels_alone) {
    for (RateEstimate* rate : {&more, &less}) {
      rate->ci95 = {rate->rate, rate->rate};
      rate->se = 0;
      rate->clusters = std::numeric_limits<std::size_t>::max();
    }
    gap.se_paired = 0;
  }
  const SeenShares seen = seen_by_judge(evidence);
  if (is_by_strata(judge)) {
    return stratified_gap(more, less, gap, judge.more_strata, judge.less_strata, seen);
  }
  return judged_gap(more, less, gap, *judge.more, *judge.less, seen);
}

Confusion without_chance(const Confusion& counts) {
  constexpr std::uint64_t kTimes = 1'000'000;
  return {.true_positive = kTimes * counts.true_positive,
          .false_negative = kTimes * counts.false_negative,
          .true_negative = kTimes * counts.true_negative,
          .false_positive = kTimes * counts.false_positive};
}

// As if so many texts had been labelled that nothing is left unsure of the error.
JudgeEvidence without_chance(JudgeEvidence judge) {
  judge.more = without_chance(*judge.more);
  judge.less = without_chance(*judge.less);
  for (auto* strata : {&judge.more_strata, &judge.less_strata}) {
    for (LabelStratum& stratum : *strata) {
      if (stratum.labelled == 0) continue;
      stratum.labelled = stratum.answers;
      stratum.effective_n = static_cast<double>(kMaxErrorCount);
    }
  }
  return judge;
}

// The worst rate of those that were measured, by arm.
JudgeDisproved worst_of(const JudgeEvidence& judge, const ShownGap& reported) {
  JudgeDisproved worst{.measured = 2, .reported = reported};
  const auto hold = [&](const std::optional<JudgeAccuracy>& found, ArmOfContrast arm,
                        TippingPoint::Rate rate) {
    if (!found || found->rate >= worst.measured) return;
    worst.arm = arm, worst.rate = rate, worst.measured = found->rate;
    worst.measured_ci95 = found->ci95, worst.texts = found->n;
  };
  for (ArmOfContrast arm : {ArmOfContrast::more, ArmOfContrast::less}) {
    const Confusion& counts = arm == ArmOfContrast::more ? *judge.more : *judge.less;
    hold(sensitivity_of(counts), arm, TippingPoint::Rate::sensitivity);
    hold(specificity_of(counts), arm, TippingPoint::Rate::specificity);
  }
  return worst;
}

bool works(const Confusion& counts) {
  const auto se = sensitivity_of(counts), sp = specificity_of(counts);
  return !se || !sp || se->rate + sp->rate - 1 >= kLeastYouden;
}

bool has_both_kinds(const Confusion& counts) {
  return sensitivity_of(counts).has_value() && specificity_of(counts).has_value();
}

// Do the labels say, right or wrong, what the error is?
bool is_told(const JudgeEvidence& judge) {
  if (!is_by_strata(judge)) return has_both_kinds(*judge.more) && has_both_kinds(*judge.less);
  const auto has_label = [](const LabelStratum& stratum) {
    return stratum.labelled > 0 || stratum.answers == 0;
  };
  return std::ranges::all_of(judge.more_strata, has_label) &&
         std::ranges::all_of(judge.less_strata, has_label);
}

// The corrected interval at 95 %, stretched to the level.
Interval stretched(const JudgedGap& judged, double level) {
  const double stretch = normal_critical(level) / normal_critical();
  return {std::max(-kPoints, judged.points - stretch * (judged.points - judged.ci95.lo)),
          std::min(kPoints, judged.points + stretch * (judged.ci95.hi - judged.points))};
}

// Widened by all that the missing could be in truth: of a share m of an arm with rate p, the rate
// may be anything from p (1 - m) to p (1 - m) + m.
Interval with_missing(const Interval& interval, const JudgedGap& judged,
                      std::span<const ContrastCounts> wordings) {
  const double of_more = missing_in(wordings, ArmOfContrast::more);
  const double of_less = missing_in(wordings, ArmOfContrast::less);
  const double below = of_more * judged.more.rate + of_less * (1 - judged.less.rate);
  const double above = of_more * (1 - judged.more.rate) + of_less * judged.less.rate;
  return {std::max(-kPoints, interval.lo - kPoints * below),
          std::min(kPoints, interval.hi + kPoints * above)};
}

}  // namespace

SeenShares seen_by_judge(const ContrastEvidence& evidence) {
  if (evidence.without_refusals.empty()) return {};
  const ContrastCounts all = pooled(evidence.wordings, {}).counts;
  const ContrastCounts seen = pooled(evidence.without_refusals, {}).counts;
  return {seen_in(all.more, seen.more), seen_in(all.less, seen.less)};
}

JudgedGap correct_for_judge(const ContrastEvidence& evidence, double level, Measured& measured) {
  const JudgeEvidence& judge = evidence.judge;
  if (!is_by_strata(judge) && (!judge.more || !judge.less)) return {};
  const JudgedGap judged = judged_gap_of(evidence, judge);
  if (judged.state != Correction::corrected) return judged;
  measured.is_corrected = true;
  measured.is_by_people = is_by_strata(judge);
  measured.by_labels = judged_gap_of(evidence, judge, true).ci95;
  measured.without_missing.points = judged.points;
  measured.without_missing.ci95 = stretched(judged, level);
  measured.deciding = with_missing(measured.without_missing.ci95, judged, evidence.wordings);
  return judged;
}

std::optional<Cause> judge_disproved(const ContrastEvidence& evidence, const Decision& decision,
                                     double margin) {
  const JudgeEvidence& judge = evidence.judge;
  if (!decision.judged || !judge.more || !judge.less) return std::nullopt;
  const Correction state = decision.judged->state;
  if (state != Correction::too_few_labels && state != Correction::contradicted) {
    return std::nullopt;
  }
  JudgeDisproved cause = worst_of(judge, *decision.answered);
  if (!works(*judge.more) || !works(*judge.less)) return cause;
  if (!is_told(judge)) return std::nullopt;
  const JudgedGap as_labelled = judged_gap_of(evidence, without_chance(judge));
  if (as_labelled.state != Correction::corrected) return cause;
  cause.corrected = as_labelled.points;
  const IntervalReading reported = read_interval(decision.deciding->ci95, margin);
  const IntervalReading labelled = read_interval(as_labelled.ci95, margin);
  const bool is_gap_lost =
      reported.verdict == StudyVerdict::gap && !labelled.is_same_verdict(reported);
  const bool is_gap_hidden = reported.verdict == StudyVerdict::no_gap &&
                             labelled.verdict == StudyVerdict::gap && !labelled.is_small;
  return is_gap_lost || is_gap_hidden ? std::optional<Cause>(cause) : std::nullopt;
}

namespace {

// Why an error that was measured so does not decide. What was measured here lacks an arm.
Provisional reason_of(JudgeSource source) {
  switch (source) {
    case JudgeSource::part_of_run:
      return Provisional::labels_from_part;
    case JudgeSource::other_version:
      return Provisional::judge_other_version;
    case JudgeSource::here:
      return Provisional::judge_not_by_arm;
    case JudgeSource::elsewhere:
      return Provisional::judge_elsewhere;
    case JudgeSource::nowhere:
      break;
  }
  return Provisional::judge_unmeasured;
}

// The error of the judge that alone would undo the verdict; where its error was corrected for, how
// much worse it would have to be than it was measured to be.
std::optional<TippingPoint> tipping_of(const Decision& decision, const ContrastEvidence& evidence,
                                       double margin) {
  const bool is_no_gap = decision.verdict == StudyVerdict::no_gap;
  // Both arms at one end, or one of several wordings, turn by other errors than those of the mean.
  const bool is_by_interval =
      is_no_gap || (decision.verdict == StudyVerdict::gap &&
                    std::holds_alternative<GapFound>(decision.causes.front()));
  if (!is_by_interval) return std::nullopt;
  Interval interval = decision.deciding->ci95;
  if (decision.is_small) {
    // It falls where the 98 % interval no longer excludes 0, before the 95 % one.
    const double beyond = beyond_0_of_small_gap(interval);
    interval = {interval.lo - beyond, interval.hi + beyond};
  }
  if (decision.judged && decision.judged->state == Correction::corrected) {
    const JudgedGap& judged = *decision.judged;
    const auto corrected = tipping_point(judged.more.rate, judged.less.rate, interval, margin,
                                         is_no_gap, seen_by_judge(evidence));
    if (!corrected) return std::nullopt;
    const Confusion& counts = corrected->is_in_more ? *evidence.judge.more : *evidence.judge.less;
    // Strata correct a rate whatever the judge is; its two rates may be unknown, or say nothing.
    if (!has_both_kinds(counts) || !works(counts)) return std::nullopt;
    return as_judged(*corrected, counts);
  }
  const ContrastCounts all = pooled(evidence.wordings, {}).counts;
  return tipping_point(shown_rate(all.more)->rate, shown_rate(all.less)->rate, interval, margin,
                       is_no_gap, seen_by_judge(evidence));
}

// Why the error of the contrast's judge does not decide a verdict that it could overturn.
std::optional<Provisional> uncorrected(const Decision& decision, const JudgeEvidence& judge) {
  if (!decision.deciding) return std::nullopt;
  if (decision.verdict == StudyVerdict::inconclusive) return std::nullopt;
  if (!decision.judged) return reason_of(judge.source);
  switch (decision.judged->state) {
    case Correction::corrected:
      return std::nullopt;
    case Correction::too_few_labels:
      return Provisional::too_few_labels;
    case Correction::contradicted:  // then the judge is disproved, and there is no verdict
    case Correction::not_measured:
      break;
  }
  return reason_of(judge.source);
}

}  // namespace

void set_judge(Decision& decision, const ContrastEvidence& evidence, double margin) {
  const JudgeEvidence& judge = evidence.judge;
  if (decision.deciding && judge.unknown_share > kMostUnknown) {
    decision.provisional.push_back(Provisional::labels_unknown);
  }
  decision.tipping = tipping_of(decision, evidence, margin);
  if (const auto reason = uncorrected(decision, judge)) decision.provisional.push_back(*reason);
  // The other half stands on another judge, and falls by itself.
  if (decision.faking.state == FakingFinding::State::by_difference) {
    decision.provisional.push_back(Provisional::faking_judge_unmeasured);
  }
}

}  // namespace iago
