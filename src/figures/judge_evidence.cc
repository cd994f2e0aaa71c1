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
  evidence.more = measured_in(judge->error, contrast.more);
  evidence.less = measured_in(judge->error, contrast.less);
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
