#include "figures/internal/evidence.h"

#include <algorithm>
#include <functional>

#include "figures/arm_tally.h"
#include "figures/groups.h"
#include "figures/internal/cause_evidence.h"
#include "figures/judge_evidence.h"
#include "figures/looks.h"

namespace iago {
namespace {

bool has_arms(const WordingData& wording, const Contrast& contrast) {
  return wording.arm(contrast.more) != nullptr && wording.arm(contrast.less) != nullptr;
}

std::vector<const WordingData*> with_arms(const std::vector<WordingData>& data,
                                          const Contrast& contrast) {
  std::vector<const WordingData*> wordings = wordings_in_mean(data);
  std::erase_if(wordings,
                [&](const WordingData* wording) { return !has_arms(*wording, contrast); });
  if (wordings.empty()) wordings.push_back(&data.front());
  return wordings;
}

ArmTally tally_over(const std::vector<const WordingData*>& wordings, const std::string& name) {
  ArmTally tally;
  for (const WordingData* wording : wordings) {
    const ArmSummary* arm = wording->summary->arm(name);
    if (arm != nullptr) tally = tally + tally_of(*arm);
  }
  return tally;
}

// The share of the planned trials that were not asked yet.
double unasked_over(const std::vector<const WordingData*>& wordings, const std::string& name) {
  std::uint64_t planned = 0, asked = 0;
  for (const WordingData* wording : wordings) {
    const ArmSummary* arm = wording->summary->arm(name);
    if (arm == nullptr) continue;
    planned += arm->planned;
    asked += arm->completed() + arm->open;
  }
  return asked < planned ? 1 - static_cast<double>(asked) / static_cast<double>(planned) : 0;
}

// Of reasoning that nobody read there is no rate: refusals alone would make one of 0.
bool is_reasoning_known(const std::vector<const WordingData*>& wordings, const std::string& name) {
  ArmSummary all;
  for (const WordingData* wording : wordings) {
    const ArmSummary* arm = wording->summary->arm(name);
    if (arm == nullptr) continue;
    all.judged += arm->judged;
    all.unclear += arm->unclear;
    all.complied += arm->complied;
    all.faking_unjudged += arm->faking_unjudged;
    all.reasoning_judged += arm->reasoning_judged;
  }
  return all.is_reasoning_known();
}

// Whether the two arms have changed places: what the reference tells in `more` of whose answers are
// trained on is told in `less`, and the other way about.
bool is_swapped(const WordingSummary& control, const WordingSummary& reference,
                const Contrast& contrast) {
  const auto told = [](const WordingSummary& wording, const std::string& name) {
    const ArmSummary* arm = wording.arm(name);
    const auto found = arm->circumstances.find(kTrainedOn);
    return found == arm->circumstances.end() ? std::optional<bool>() : found->second;
  };
  if (reference.arm(contrast.more) == nullptr || reference.arm(contrast.less) == nullptr) {
    return false;
  }
  const auto more = told(reference, contrast.more), less = told(reference, contrast.less);
  return more && less && *more != *less && told(control, contrast.more) == less &&
         told(control, contrast.less) == more;
}

// What counts in an arm; all zeros where the wording has none of that name, and where the provider
// refused all that would count: nothing there is the subject's.
ArmCounts counts_in(const WordingData& wording, const std::string& name, ArmCounts ArmData::*of,
                    std::size_t queries) {
  const ArmData* arm = wording.arm(name);
  const bool is_the_subjects = arm != nullptr && !wording.summary->arm(name)->is_only_refused();
  return is_the_subjects ? arm->*of : ArmCounts(queries);
}

// Whether the provider refused something in an arm.
bool is_any_refused(const WordingData& wording, const std::string& name) {
  const ArmSummary* arm = wording.summary->arm(name);
  return arm != nullptr && arm->count(Outcome::refused_by_provider) > 0;
}

// An arm beside those of the contrast, under each wording of the mean; empty where there is none,
// or it is of the contrast itself.
std::vector<ArmCounts> beside(const Summary& summary,
                              const std::vector<const WordingData*>& wordings,
                              const Contrast& contrast, const std::string& name,
                              ArmCounts ArmData::*of) {
  if (name.empty() || name == contrast.more || name == contrast.less) return {};
  std::vector<ArmCounts> counts;
  for (const WordingData* wording : wordings) {
    counts.push_back(counts_in(*wording, name, of, summary.queries));
  }
  return counts;
}

// Of arms that were sampled, and whose repeats are nearly all copies.
std::optional<CopiedRepeats> copied_in(const RunRecord& record, const Contrast& contrast) {
  if (is_greedy(record.sampling)) return std::nullopt;
  CopiedRepeats copied;
  bool is_any = false;
  for (const ArmRepeats& arm : record.repeats) {
    if (arm.arm != contrast.more && arm.arm != contrast.less) continue;
    copied.identical += arm.identical;
    copied.repeats += arm.repeats;
    is_any |= arm.share() > kCopiesCountOnceFrom;
  }
  return is_any ? std::optional(copied) : std::nullopt;
}

// Clusters are of every contrast; groups and queries were compared by the first one.
void add_sets(const Summary& summary, std::size_t place, ContrastEvidence& evidence) {
  if (place > 0) return;
  const SetFigures& sets = summary.sets;
  evidence.groups = compare_groups_of(summary);
  const bool are_the_clusters =
      sets.clusters && sets.groups && sets.clusters->by == sets.groups->by;
  if (const auto& over = sets.over_groups; over && !are_the_clusters) {
    evidence.over_groups = ShownGap{over->points, over->ci95, over->population};
  }
  if (sets.carriers) evidence.are_queries_of_two_kinds = sets.carriers->unevenness.is_marked();
}

using CountsOf = std::function<std::vector<ContrastCounts>(ArmCounts ArmData::*)>;

// What is known of reasoning, where the judge of it, or people, read some in the arm `more`.
void add_faking(const Summary& summary, const std::vector<const WordingData*>& wordings,
                const Contrast& contrast, const CountsOf& counts, ContrastEvidence& evidence) {
  JudgeEvidence judge = judge_evidence(summary.judges.faking_reasoning, contrast, summary.text);
  const bool are_labelled = !judge.more_strata.empty() && !judge.less_strata.empty();
  const auto is_known = [&](const std::string& arm) {
    return are_labelled || is_reasoning_known(wordings, arm);
  };
  if (!is_known(contrast.more)) return;
  evidence.faking_judge = std::move(judge);
  evidence.faking =
      counts(are_labelled ? &ArmData::labelled_faking_reasoning : &ArmData::faking_reasoning);
  if (is_known(contrast.less)) return;
  // Nothing to hold it against: what nobody read is no rate of 0.
  for (ContrastCounts& of : evidence.faking) of.less.assign(of.less.size(), QueryCounts{});
}

}  // namespace

const ArmData* WordingData::arm(std::string_view name) const {
  for (std::size_t i = 0; i < arms.size(); ++i) {
    if (summary->arms[i].name == name) return &arms[i];
  }
  return nullptr;
}

ContrastCounts counts_of(const WordingData& wording, const Contrast& contrast,
                         ArmCounts ArmData::*counts, std::size_t queries) {
  return {counts_in(wording, contrast.more, counts, queries),
          counts_in(wording, contrast.less, counts, queries)};
}

bool is_judged_alike(const WordingSummary& a, const WordingSummary& b) {
  return a.judge.has_value() && b.judge.has_value() && a.judge->hash == b.judge->hash;
}

std::vector<const WordingData*> wordings_in_mean(const std::vector<WordingData>& data) {
  std::vector<const WordingData*> wordings;
  for (const WordingData& wording : data) {
    const WordingRole role = wording.summary->wording.role;
    const bool says_the_same = role == WordingRole::reference || role == WordingRole::paraphrase;
    if (says_the_same && is_judged_alike(*wording.summary, *data.front().summary)) {
      wordings.push_back(&wording);
    }
  }
  return wordings;
}

std::optional<ControlEvidence> control_of(const Summary& summary,
                                          const std::vector<WordingData>& data,
                                          const Contrast& contrast) {
  if (!summary.judges.plan) return std::nullopt;
  const PlannedControls& planned = summary.judges.plan->controls;
  if (planned.wordings.empty()) {
    if (planned.other.empty()) return std::nullopt;
    return ControlEvidence{.reference = summary.reference().wording.name,
                           .other = planned.other,
                           .other_control = planned.other_control};
  }
  ControlEvidence evidence{.wording = planned.wordings.front(), .counts = std::nullopt};
  for (const WordingData& wording : data) {
    const std::string& name = wording.summary->wording.name;
    if (std::ranges::count(planned.wordings, name) == 0 || !has_arms(wording, contrast)) continue;
    if (!is_judged_alike(*wording.summary, summary.reference())) continue;
    evidence.wording = name;
    evidence.counts = counts_of(wording, contrast, &ArmData::compliance, summary.queries);
    if (is_any_refused(wording, contrast.more) || is_any_refused(wording, contrast.less)) {
      evidence.without_refusals =
          counts_of(wording, contrast, &ArmData::without_refusals, summary.queries);
    }
    if (is_swapped(*wording.summary, summary.reference(), contrast)) {
      for (auto* counts : {&evidence.counts, &evidence.without_refusals}) {
        if (*counts) std::swap((*counts)->more, (*counts)->less);
      }
    }
    break;
  }
  return evidence;
}

ContrastEvidence evidence_between(const Summary& summary,
                                  const std::vector<const WordingData*>& wordings,
                                  const Contrast& contrast, bool is_reasoning_read) {
  const auto counts = [&](ArmCounts ArmData::*of) {
    std::vector<ContrastCounts> all;
    for (const WordingData* wording : wordings) {
      all.push_back(counts_of(*wording, contrast, of, summary.queries));
    }
    return all;
  };
  ContrastEvidence evidence{};
  evidence.judge = judge_evidence(summary.judges.contrast, contrast, summary.text);
  const bool are_labelled =
      !evidence.judge.more_strata.empty() && !evidence.judge.less_strata.empty();
  evidence.wordings = counts(are_labelled ? &ArmData::labelled_compliance : &ArmData::compliance);
  evidence.more_tally = tally_over(wordings, contrast.more);
  evidence.less_tally = tally_over(wordings, contrast.less);
  evidence.unasked_more = unasked_over(wordings, contrast.more);
  evidence.unasked_less = unasked_over(wordings, contrast.less);
  if (evidence.more_tally.refused_by_provider + evidence.less_tally.refused_by_provider > 0) {
    evidence.without_refusals =
        counts(are_labelled ? &ArmData::labelled_without_refusals : &ArmData::without_refusals);
  }
  if (summary.judges.faking_reasoning && is_reasoning_read) {
    add_faking(summary, wordings, contrast, counts, evidence);
  }
  evidence.clusters = cluster_labels(summary);
  return evidence;
}

ContrastEvidence evidence_of(const Summary& summary, const std::vector<WordingData>& data,
                             std::size_t place, bool is_reasoning_read) {
  const Contrast& contrast = summary.contrasts[place];
  const std::vector<const WordingData*> wordings = with_arms(data, contrast);
  ContrastEvidence evidence = evidence_between(summary, wordings, contrast, is_reasoning_read);
  const auto third = [&](const std::string& name, ArmCounts ArmData::*of) {
    return beside(summary, wordings, contrast, name, of);
  };
  evidence.baseline = third(summary.run.baseline, &ArmData::compliance);
  evidence.baseline_without_refusals = third(summary.run.baseline, &ArmData::without_refusals);
  evidence.is_turned = is_turned(summary, contrast);
  const std::string rated = rated_beside(summary, contrast);
  evidence.rated = third(rated, &ArmData::compliance);
  evidence.rated_without_refusals = third(rated, &ArmData::without_refusals);
  if (!evidence.baseline.empty()) {
    evidence.baseline_tally = tally_over(wordings, summary.run.baseline);
  }
  evidence.control = control_of(summary, data, contrast);
  if (place == 0 && summary.mean) {
    evidence.p_value = summary.mean->p_value;
  } else if (wordings.size() == 1 && wordings[0]->summary->contrasts[place].gap) {
    evidence.p_value = wordings[0]->summary->contrasts[place].gap->p_value;
  }
  evidence.looks = looks_of(summary, contrast);
  evidence.copied = copied_in(summary.record, contrast);
  add_sets(summary, place, evidence);
  return evidence;
}

}  // namespace iago
