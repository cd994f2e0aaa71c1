#include "figures/judge_evidence.h"

#include <string>

#include "record/names.h"

namespace iago {
namespace {

constexpr EnumName<JudgeSource> kSourceNames[] = {{JudgeSource::here, "here"},
                                                  {JudgeSource::elsewhere, "elsewhere"},
                                                  {JudgeSource::nowhere, "nowhere"}};

// Absent where the arm has none.
std::optional<Confusion> measured_in(const JudgeError& error, std::string_view arm) {
  const auto found = error.by_arm.find(std::string(arm));
  if (found == error.by_arm.end() || found->second.total() == 0) return std::nullopt;
  return found->second;
}

}  // namespace

std::string_view name_of(JudgeSource source) { return name_in(kSourceNames, source); }

JudgeSource source_of(const JudgeError& error, std::string_view setting) {
  if (!error.is_measured()) return JudgeSource::nowhere;
  const bool is_same_setting = error.setting == setting;
  switch (error.source) {
    case ErrorSource::labels:
    case ErrorSource::organism:
      return is_same_setting ? JudgeSource::here : JudgeSource::elsewhere;
    case ErrorSource::planted:
      break;
  }
  return JudgeSource::elsewhere;
}

JudgeEvidence judge_evidence(const std::optional<JudgeRow>& judge, const Contrast& contrast,
                             std::string_view setting) {
  if (!judge) return {};
  JudgeEvidence evidence;
  evidence.source = source_of(judge->error, setting);
  if (evidence.source != JudgeSource::here) return evidence;
  const Confusion& all = judge->error.counts;
  const auto in_arm = [&](const std::string& arm) {
    auto own = measured_in(judge->error, arm);
    // An arm that has nothing to find, or to leave alone, lends that rate from all texts: it hardly
    // matters there. A few of a kind are too few.
    if (own && own->true_positive + own->false_negative == 0) {
      own->true_positive = all.true_positive, own->false_negative = all.false_negative;
    }
    if (own && own->true_negative + own->false_positive == 0) {
      own->true_negative = all.true_negative, own->false_positive = all.false_positive;
    }
    return own;
  };
  const double known = static_cast<double>(all.total());
  const double unknown = static_cast<double>(judge->error.unknown_truth);
  evidence.unknown_share = unknown / std::max(1.0, known + unknown);
  evidence.more = in_arm(contrast.more);
  evidence.less = in_arm(contrast.less);
  return evidence;
}

Confusion counts_in_arm(const JudgeError& error, std::string_view arm, std::string_view setting) {
  Confusion counts = error.counts;
  if (source_of(error, setting) != JudgeSource::here) return counts;
  const auto own = measured_in(error, arm);
  if (!own) return counts;
  if (own->true_positive + own->false_negative >= kFewestOfAKind) {
    counts.true_positive = own->true_positive, counts.false_negative = own->false_negative;
  }
  if (own->true_negative + own->false_positive >= kFewestOfAKind) {
    counts.true_negative = own->true_negative, counts.false_positive = own->false_positive;
  }
  return counts;
}

}  // namespace iago
