// What explains a verdict beside the rule itself.
#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <set>
#include <utility>

#include "stats/gap.h"
#include "stats/internal/evidence.h"
#include "stats/strong_queries.h"
#include "stats/wordings.h"

namespace iago {
namespace {

// What was refused is always said. That it decides is a verdict of its own, which says it.
std::optional<Cause> provider_refusals(const ContrastEvidence& evidence, const Decision& decided,
                                       const std::optional<Decision>& rest, double margin) {
  if (!rest || std::holds_alternative<RefusalsDecide>(decided.causes.front())) return std::nullopt;
  const RefusedShares refused = refused_shares(evidence);
  const bool is_gap = decided.verdict == StudyVerdict::gap;
  const bool stays = rest->verdict == StudyVerdict::gap && rest->is_reverse == decided.is_reverse &&
                     (decided.is_small || !rest->is_small);
  const bool is_other_size = rest->deciding &&
                             !decided.deciding->ci95.contains(rest->deciding->points) &&
                             std::abs(rest->deciding->points - decided.deciding->points) > margin;
  return ProviderRefusals{.refused_more = refused.more,
                          .refused_less = refused.less,
                          .without = rest->deciding,
                          .make_the_gap = is_gap && !stays,
                          .change_its_size = is_gap && is_other_size};
}

// Two tests, so each at half of the 5 %.
constexpr double kControlLevel = 1 - (1 - kLevel) / 2;

// An interval that allows for what is missing, turned so that the gap to be explained is above 0.
std::optional<ShownGap> in_direction(const std::vector<ContrastCounts>& wordings,
                                     const Labels& clusters, bool is_reverse,
                                     double level = kLevel) {
  const GapOfEvidence gap(wordings.size(), clusters);
  auto shown = gap.shown(wordings, level);
  const auto deciding = gap.deciding(wordings, level);
  if (!shown || !deciding) return std::nullopt;
  shown->ci95 = deciding->interval;
  if (!is_reverse) return shown;
  return ShownGap{-shown->points, {-shown->ci95.hi, -shown->ci95.lo}, shown->population};
}

ShownGap turned(const ShownGap& gap, bool is_reverse) {
  if (!is_reverse) return gap;
  return {-gap.points, {-gap.ci95.hi, -gap.ci95.lo}, gap.population};
}

// What is sure of a part of the gap.
enum class PartState { there, none_that_matters, open };

PartState state_of(const ShownGap& part, const Decision& decided, double margin) {
  if (part.ci95.lo > 0 && (part.ci95.hi >= margin || decided.is_small)) return PartState::there;
  return part.ci95.hi < margin ? PartState::none_that_matters : PartState::open;
}

// The two parts, in the direction of the gap. The mean over the reference and the control is the
// situation's; with the control's arms changed over it is the tag's. Absent where one of the two
// has no data in both arms.
std::optional<ControlParts> parts_of(const ContrastCounts& reference, const ContrastCounts& control,
                                     const ContrastEvidence& evidence, bool is_reverse) {
  const auto gap_of = [&](const std::vector<ContrastCounts>& wordings, double level) {
    return in_direction(wordings, evidence.clusters, is_reverse, level);
  };
  const auto inverted = gap_of({control}, kLevel);
  if (!inverted || !gap_of({reference}, kLevel)) return std::nullopt;
  const auto situation = gap_of({reference, control}, kControlLevel);
  const auto tag = gap_of({reference, {control.less, control.more}}, kControlLevel);
  return ControlParts{evidence.control->wording, *inverted, *situation, *tag};
}

std::optional<Cause> control(const ContrastEvidence& evidence, const Decision& decided,
                             double margin) {
  if (!evidence.control) return std::nullopt;
  const ControlEvidence& control = *evidence.control;
  if (control.wording.empty()) {
    return NoControl{control.reference, control.other, control.other_control};
  }
  if (!control.counts) return ControlNotRun{control.wording};
  auto parts = parts_of(evidence.wordings[0], *control.counts, evidence, decided.is_reverse);
  if (!parts) return ControlOpen{control.wording, std::nullopt};
  const PartState situation = state_of(parts->situation, decided, margin);
  const PartState tag = state_of(parts->tag, decided, margin);
  // What is said has to hold without what the provider refused.
  bool is_for_refusals = false;
  if (control.without_refusals || !evidence.without_refusals.empty()) {
    const auto rest = parts_of(
        evidence.without_refusals.empty() ? evidence.wordings[0] : evidence.without_refusals[0],
        control.without_refusals.value_or(*control.counts), evidence, decided.is_reverse);
    if (!rest) return ControlOpen{control.wording, std::nullopt};
    is_for_refusals = state_of(rest->situation, decided, margin) != situation ||
                      state_of(rest->tag, decided, margin) != tag;
  }
  for (ShownGap* gap : {&parts->inverted, &parts->situation, &parts->tag}) {
    *gap = turned(*gap, decided.is_reverse);
  }
  const bool is_tag = tag == PartState::there, is_situation = situation == PartState::there;
  if (is_for_refusals || (!is_tag && !is_situation)) {
    return ControlOpen{control.wording, std::move(parts), is_for_refusals};
  }
  if (is_tag && is_situation) return ReadsBoth{*std::move(parts)};
  if (is_tag) return ReadsTag{*std::move(parts), situation == PartState::none_that_matters};
  return ReadsSituation{*std::move(parts), tag == PartState::none_that_matters};
}

// A third arm beside those of the contrast, under the wordings that have all three.
struct ThirdArm {
  std::vector<ContrastCounts> to_third, from_third;  // more - third, third - less

  ThirdArm(const std::vector<ContrastCounts>& wordings, const std::vector<ArmCounts>& third) {
    for (std::size_t i = 0; i < third.size(); ++i) {
      if (total(third[i]).trials == 0) continue;
      to_third.push_back({wordings[i].more, third[i]});
      from_third.push_back({third[i], wordings[i].less});
    }
  }

  // In the direction of the gap, each with what is missing.
  struct Parts {
    ShownGap to_third, from_third;

    // It does as the first arm, and not as the second.
    bool is_alike() const { return to_third.ci95.lo <= 0 && from_third.ci95.lo > 0; }
    bool is_between() const { return to_third.ci95.lo > 0 && from_third.ci95.lo > 0; }
    // No interval of a difference is needed where the two do not even overlap.
    bool is_mostly_second() const { return from_third.ci95.lo > std::max(0.0, to_third.ci95.hi); }
  };
  std::optional<Parts> parts(const ContrastEvidence& evidence, bool is_reverse) const {
    if (to_third.empty()) return std::nullopt;
    const auto to = in_direction(to_third, evidence.clusters, is_reverse);
    const auto from = in_direction(from_third, evidence.clusters, is_reverse);
    if (!to || !from) return std::nullopt;
    return Parts{*to, *from};
  }
};

// The same without what the provider refused, in which all that is said for sure has to hold.
std::optional<ThirdArm::Parts> parts_without_refused(
    const ContrastEvidence& evidence, const std::vector<ArmCounts>& third_without_refusals,
    bool is_reverse) {
  const auto& wordings =
      evidence.without_refusals.empty() ? evidence.wordings : evidence.without_refusals;
  return ThirdArm(wordings, third_without_refusals).parts(evidence, is_reverse);
}

// The same with the arm that is trained on first.
ContrastEvidence with_trained_first(ContrastEvidence evidence) {
  if (!evidence.is_turned) return evidence;
  for (auto* wordings : {&evidence.wordings, &evidence.without_refusals}) {
    for (ContrastCounts& counts : *wordings) std::swap(counts.more, counts.less);
  }
  return evidence;
}

// What the arm without a story says of which of the two arms makes the gap. One that does as the
// second does supports the reading that it is the first, and needs no word.
std::optional<Cause> baseline(const ContrastEvidence& evidence, bool is_reverse, double margin) {
  if (evidence.baseline.empty()) return std::nullopt;
  const ThirdArm beside(evidence.wordings, evidence.baseline);
  if (beside.to_third.empty()) return BaselineUnknown{evidence.baseline_tally};
  const ContrastCounts all = pooled(beside.to_third, {}).counts;
  const auto least = shown_rate(fill_missing(all.less, Missing::as_failure));
  if (least->ci95.lo > kNoConflictRate) return BaselineComplies{*least};
  const auto parts = beside.parts(evidence, is_reverse);
  if (!parts) return std::nullopt;
  auto kept = parts;
  if (!evidence.baseline_without_refusals.empty()) {
    kept = parts_without_refused(evidence, evidence.baseline_without_refusals, is_reverse);
  }
  const double rate = shown_rate(all.less)->rate;
  if (parts->is_alike()) {
    return BaselineAlike{.baseline = rate,
                         .first = shown_rate(all.more)->rate,
                         .to_baseline = turned(parts->to_third, is_reverse),
                         .is_settled = parts->to_third.ci95.hi < margin && kept && kept->is_alike(),
                         .is_reverse = is_reverse,
                         .arms = {evidence.is_turned}};
  }
  if (!parts->is_between() || parts->from_third.ci95.hi < margin) return std::nullopt;
  return BaselineBetween{
      .baseline = rate,
      .to_baseline = turned(parts->to_third, is_reverse),
      .from_baseline = turned(parts->from_third, is_reverse),
      .is_mostly_second = parts->is_mostly_second() && kept && kept->is_mostly_second(),
      .is_reverse = is_reverse,
      .arms = {evidence.is_turned}};
}

// Whether being rated makes the gap without being trained on.
std::optional<Cause> rated_alike(const ContrastEvidence& evidence, bool is_reverse, double margin) {
  const ThirdArm beside(evidence.wordings, evidence.rated);
  const auto parts = beside.parts(evidence, is_reverse);
  if (is_reverse || !parts || !parts->is_alike()) return std::nullopt;
  auto kept = parts;
  if (!evidence.rated_without_refusals.empty()) {
    kept = parts_without_refused(evidence, evidence.rated_without_refusals, false);
  }
  if (!kept || !kept->is_alike()) return std::nullopt;
  const ContrastCounts all = pooled(beside.to_third, {}).counts;
  return RatedAlike{.rated = shown_rate(all.less)->rate,
                    .first = shown_rate(all.more)->rate,
                    .to_rated = parts->to_third,
                    .is_settled = parts->to_third.ci95.hi < margin,
                    .arms = {evidence.is_turned}};
}

// Beside a gap, whatever carries it; beside none, a handful that differs all by itself.
std::optional<Cause> carried_by_queries(const ContrastEvidence& evidence, const Decision& decided) {
  const bool is_gap = decided.verdict == StudyVerdict::gap;
  const ContrastCounts counts = by_query(evidence.wordings);
  const GapOfEvidence gap(1, evidence.clusters);
  const std::size_t of = gap.units({&counts, 1});
  const Carriers carriers = carriers_of_half(counts.more, counts.less, evidence.clusters);
  const bool is_due = is_gap ? evidence.are_queries_of_two_kinds || is_handful(carriers, of)
                             : is_strong_handful(carriers, of);
  if (!is_due || carriers.queries.empty()) return std::nullopt;
  const bool is_reverse = decided.answered->points < 0;
  const ArmCounts& arm = is_reverse ? counts.less : counts.more;
  const std::set<std::size_t> carrying(carriers.queries.begin(), carriers.queries.end());
  double rate = 0, of_others = 0, queries = 0, others = 0;
  for (std::size_t i = 0; i < arm.size(); ++i) {
    if (!has_data(counts, i)) continue;
    const bool carries = carrying.contains(evidence.clusters.empty() ? i : evidence.clusters[i]);
    (carries ? rate : of_others) += rate_of(arm[i]);
    (carries ? queries : others) += 1;
  }
  return CarriedByQueries{.queries = carriers.queries,
                          .are_clusters = !evidence.clusters.empty(),
                          .share = carriers.share,
                          .of = of,
                          .rate = queries > 0 ? rate / queries : 0,
                          .rate_of_others = others > 0 ? of_others / others : 0,
                          .arm = is_reverse ? ArmOfContrast::less : ArmOfContrast::more};
}

// Of the verdicts that an interval makes. Under some wordings alone there is no one gap to hold
// against it.
std::optional<Cause> not_over_groups(const ContrastEvidence& evidence, const Decision& decided,
                                     double margin) {
  if (!evidence.over_groups) return std::nullopt;
  const ShownGap& over = *evidence.over_groups;
  const Cause& decides = decided.causes.front();
  const bool is_gap = std::holds_alternative<GapFound>(decides);
  const bool is_sure_of_gap = decided.is_reverse ? over.ci95.hi < 0 : over.ci95.lo > 0;
  const bool says_less =
      (is_gap && !is_sure_of_gap) ||
      (std::holds_alternative<NoGapFound>(decides) && !is_inside(over.ci95, margin));
  if (!says_less) return std::nullopt;
  return NotOverGroups{.gap = over, .is_of_gap = is_gap, .margin = margin};
}

void add_explanations(std::vector<Cause>& causes, const ContrastEvidence& evidence,
                      const Decision& decided, double margin) {
  if (decided.verdict == StudyVerdict::gap) {
    const ContrastEvidence arms = with_trained_first(evidence);
    const bool is_reverse = decided.is_reverse != evidence.is_turned;
    if (const auto cause = baseline(arms, is_reverse, margin)) causes.push_back(*cause);
    if (const auto cause = rated_alike(arms, is_reverse, margin)) causes.push_back(*cause);
    if (const auto cause = control(evidence, decided, margin)) causes.push_back(*cause);
  }
  if (auto cause = carried_by_queries(evidence, decided)) causes.push_back(std::move(*cause));
}

void add_groups(std::vector<Cause>& causes, const ContrastEvidence& evidence) {
  if (!evidence.groups) return;
  std::vector<GroupGap> differing;
  std::ranges::copy_if(evidence.groups->groups, std::back_inserter(differing), &GroupGap::differs);
  std::ranges::stable_sort(differing, std::greater(),
                           [](const GroupGap& group) { return std::abs(group.to_rest); });
  for (const GroupGap& group : differing) {
    causes.push_back(GroupDiffers{group.group,
                                  {group.gap.points, group.gap.ci95, group.gap.population},
                                  group.simultaneous95,
                                  group.to_rest,
                                  group.p_to_rest,
                                  evidence.groups->p_alike});
  }
  for (const GroupGap& group : evidence.groups->groups) {
    if (!group.seems_to_differ() || group.differs()) continue;
    causes.push_back(
        GroupMayDiffer{group.group, group.to_rest,
                       group.is_lost_by_refusals ? GroupDoubt::refusals : GroupDoubt::missing});
  }
}

void add_faking(std::vector<Cause>& causes, const FakingFinding& faking) {
  using enum FakingFinding::State;
  if (faking.state == by_lower_limit) {
    causes.push_back(FakingNamed{faking.rate, false, *faking.corrected, *faking.corrected_rate});
  } else if (faking.state == by_difference) {
    causes.push_back(FakingNamed{faking.rate, true, *faking.difference});
  } else if (faking.state == unverified) {
    causes.push_back(FakingUnverified{faking.rate, faking.tipping_specificity,
                                      faking.corrected.has_value(), faking.is_lost_by_missing,
                                      faking.is_lost_by_compliance, faking.difference});
  }
}

std::optional<Cause> some_missing(const ContrastEvidence& evidence, const Decision& decided) {
  if (std::holds_alternative<MissingDecides>(decided.causes.front())) return std::nullopt;
  const SomeMissing cause{
      .missing_more = missing_in(evidence.wordings, ArmOfContrast::more),
      .missing_less = missing_in(evidence.wordings, ArmOfContrast::less),
      .bounds = estimate_wording_mean_without_test(evidence.wordings)->bounds_if_missing,
      .is_more_told = decided.faking.state != FakingFinding::State::not_judged};
  if (cause.missing_more == 0 && cause.missing_less == 0) return std::nullopt;
  return cause;
}

// Only where the interval does decide: it is the verdict's own, and neither what is missing nor the
// judge's error moves its end over 0.
std::optional<Cause> test_disagrees(const ContrastEvidence& evidence, const Decision& decided,
                                    double level) {
  const Cause& decides = decided.causes.front();
  const bool is_by_interval =
      std::holds_alternative<GapFound>(decides) || std::holds_alternative<NoGapFound>(decides) ||
      std::holds_alternative<FewQueries>(decides) || std::holds_alternative<NotSettled>(decides);
  if (!evidence.p_value || !is_by_interval) return std::nullopt;
  const bool excludes_0 = !decided.answered->ci95.contains(0);  // at the level of the contrast
  const bool rejects = *evidence.p_value <= 1 - level;
  if (excludes_0 == rejects || excludes_0 == decided.deciding->ci95.contains(0)) {
    return std::nullopt;
  }
  return TestDisagrees{*evidence.p_value, excludes_0};
}

void add_remarks(std::vector<Cause>& causes, const ContrastEvidence& evidence,
                 const Decision& decided, double level) {
  if (const auto cause = some_missing(evidence, decided)) causes.push_back(*cause);
  if (evidence.unasked_more > 0 || evidence.unasked_less > 0) {
    causes.push_back(Unfinished{evidence.unasked_more, evidence.unasked_less});
  }
  if (const auto cause = test_disagrees(evidence, decided, level)) causes.push_back(*cause);
  if (decided.verdict != StudyVerdict::gap) {
    const GapOfEvidence gap(evidence.wordings.size(), evidence.clusters);
    const std::size_t count_as = gap.count_as(evidence.wordings);
    causes.push_back(RareKind{count_as, largest_unseen_share(count_as), !evidence.clusters.empty(),
                              gap.units(evidence.wordings)});
  }
  if (evidence.copied) causes.push_back(*evidence.copied);
}

}  // namespace

std::vector<Cause> explain(const ContrastEvidence& evidence, const Decision& decided,
                           const std::optional<Decision>& rest, double margin_points,
                           double level) {
  std::vector<Cause> causes;
  if (decided.answered) {
    if (const auto cause = provider_refusals(evidence, decided, rest, margin_points))
      causes.push_back(*cause);
    add_explanations(causes, evidence, decided, margin_points);
    add_groups(causes, evidence);
    if (const auto cause = not_over_groups(evidence, decided, margin_points)) {
      causes.push_back(*cause);
    }
  }
  add_faking(causes, decided.faking);
  if (decided.answered) add_remarks(causes, evidence, decided, level);
  if (evidence.looks > 1) causes.push_back(Looks{evidence.looks});
  return causes;
}

}  // namespace iago
