#include "figures/internal/cause_evidence.h"

#include <algorithm>

#include "figures/internal/evidence.h"

namespace iago {
namespace {

std::optional<bool> told(const Circumstances& circumstances, const char* name) {
  const auto found = circumstances.find(name);
  return found == circumstances.end() ? std::nullopt : std::optional(found->second);
}

ArmKind kind_in_reference(const Summary& summary, const std::string& arm) {
  const ArmSummary* found = summary.arm(arm);
  return found == nullptr ? ArmKind::other : kind_of(found->circumstances);
}

bool is_of_training(const Summary& summary, const Contrast& contrast) {
  return kind_in_reference(summary, contrast.more) == ArmKind::trained &&
         kind_in_reference(summary, contrast.less) == ArmKind::alone;
}

Contrast turned(const Contrast& contrast) { return {contrast.less, contrast.more}; }

// With the arm that is trained on first, in whichever order the run compares them.
std::optional<Contrast> gap_of(const Summary& summary) {
  for (const Contrast& contrast : summary.contrasts) {
    if (is_of_training(summary, contrast)) return contrast;
    if (is_of_training(summary, turned(contrast))) return turned(contrast);
  }
  return std::nullopt;
}

std::string rated_of(const Summary& summary) {
  const auto found = std::ranges::find_if(summary.arms(), [](const ArmSummary& arm) {
    return kind_of(arm.circumstances) == ArmKind::rated;
  });
  return found == summary.arms().end() ? std::string() : found->name;
}

std::vector<const WordingData*> with_both_arms(const std::vector<WordingData>& data,
                                               const Contrast& contrast) {
  std::vector<const WordingData*> wordings = wordings_in_mean(data);
  std::erase_if(wordings, [&](const WordingData* wording) {
    return wording->arm(contrast.more) == nullptr || wording->arm(contrast.less) == nullptr;
  });
  return wordings;
}

}  // namespace

ArmKind kind_of(const Circumstances& circumstances) {
  const auto trained = told(circumstances, kTrainedOn);
  if (!trained) return ArmKind::other;
  if (*trained) return ArmKind::trained;
  if (told(circumstances, kRated) == true) return ArmKind::rated;
  return told(circumstances, kMonitored) == true ? ArmKind::other : ArmKind::alone;
}

bool is_turned(const Summary& summary, const Contrast& contrast) {
  const auto is_trained = [&](const std::string& arm) {
    return kind_in_reference(summary, arm) == ArmKind::trained;
  };
  return is_trained(contrast.less) && !is_trained(contrast.more);
}

std::string rated_beside(const Summary& summary, const Contrast& contrast) {
  const bool is_asked =
      is_of_training(summary, contrast) || is_of_training(summary, turned(contrast));
  return is_asked ? rated_of(summary) : std::string();
}

std::optional<CauseSummary> cause_of(const Summary& summary, const std::vector<WordingData>& data,
                                     bool is_reasoning_read) {
  if (!summary.judges.contrast || !summary.reference().judge) return std::nullopt;
  CauseSummary cause;
  CauseEvidence evidence;
  if (const auto gap = gap_of(summary)) {
    const auto wordings = with_both_arms(data, *gap);
    const auto between = [&](const std::string& more, const std::string& less) {
      return evidence_between(summary, wordings, {more, less}, is_reasoning_read);
    };
    for (const WordingData* wording : wordings) {
      cause.wordings.push_back(wording->summary->wording.name);
    }
    cause.trained = gap->more, cause.alone = gap->less, cause.rated = rated_of(summary);
    evidence.gap = between(cause.trained, cause.alone);
    evidence.gap->control = control_of(summary, data, *gap);
    if (!cause.rated.empty()) {
      evidence.training = between(cause.trained, cause.rated);
      evidence.rating = between(cause.rated, cause.alone);
    }
  }
  cause.finding = find_cause(evidence, summary.margin_points);
  return cause;
}

}  // namespace iago
