#include "figures/judge_evidence.h"

#include <algorithm>

#include "record/names.h"

namespace iago {
namespace {

constexpr EnumName<JudgeSource> kSourceNames[] = {
    {JudgeSource::here, "here"},
    {JudgeSource::part_of_run, "part of this run"},
    {JudgeSource::other_version, "another version of the setting"},
    {JudgeSource::elsewhere, "elsewhere"},
    {JudgeSource::nowhere, "nowhere"}};

// Absent where the arm has none.
std::optional<Confusion> measured_in(const JudgeError& error, const std::string& arm) {
  const auto found = error.by_arm.find(arm);
  if (found == error.by_arm.end() || found->second.total() == 0) return std::nullopt;
  return found->second;
}

}  // namespace

std::string_view name_of(JudgeSource source) { return name_in(kSourceNames, source); }

std::vector<PartlyLabelled> partly_labelled(const JudgeError& error, const RunText& text,
                                            std::span<const std::string> arms) {
  std::vector<PartlyLabelled> found;
  if (error.source != ErrorSource::labels) return found;
  for (const std::string& arm : arms) {
    if (!measured_in(error, arm)) continue;
    const auto labelled = error.labelled_queries.find(arm);
    const auto now = text.answered_queries.find(arm);
    PartlyLabelled part{.arm = arm};
    if (labelled != error.labelled_queries.end()) part.queries = labelled->second;
    if (now != text.answered_queries.end()) part.answered = now->second;
    if (part.queries.labelled < part.needed() || part.was_extended()) found.push_back(part);
  }
  return found;
}

JudgeSource source_of(const JudgeError& error, const RunText& text,
                      std::span<const std::string> arms) {
  using enum JudgeSource;
  if (!error.is_measured()) return nowhere;
  if (error.source == ErrorSource::planted || error.setting != text.setting) return elsewhere;
  if (error.setting_hash != text.setting_hash) return other_version;
  return partly_labelled(error, text, arms).empty() ? here : part_of_run;
}

JudgeSource source_of(const JudgeError& error, const RunText& text) {
  return source_of(error, text, text.arms);
}

JudgeEvidence judge_evidence(const std::optional<JudgeRow>& judge, const Contrast& contrast,
                             const RunText& text) {
  if (!judge) return {};
  JudgeEvidence evidence;
  const std::string arms[] = {contrast.more, contrast.less};
  evidence.source = source_of(judge->error, text, arms);
  const bool are_all_unknown = judge->error.source == ErrorSource::labels &&
                               !judge->error.is_measured() && judge->error.unknown_truth > 0;
  if (are_all_unknown) evidence.unknown_share = 1;
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
  double known = static_cast<double>(all.total());
  if (!judge->error.strata.empty()) {
    known = 0;  // the counts are weighted
    for (const auto& [arm, strata] : judge->error.strata) {
      for (const LabelStratum& stratum : strata) known += static_cast<double>(stratum.labelled);
    }
  }
  const double unknown = static_cast<double>(judge->error.unknown_truth);
  evidence.unknown_share = unknown / std::max(1.0, known + unknown);
  evidence.more = in_arm(contrast.more);
  evidence.less = in_arm(contrast.less);
  evidence.more_strata = strata_in_arm(judge->error, contrast.more, text);
  evidence.less_strata = strata_in_arm(judge->error, contrast.less, text);
  return evidence;
}

std::vector<LabelStratum> strata_in_arm(const JudgeError& error, const std::string& arm,
                                        const RunText& text) {
  const JudgeSource source = source_of(error, text, {&arm, 1});
  if (source != JudgeSource::here && source != JudgeSource::part_of_run) return {};
  const auto found = error.strata.find(arm);
  return found == error.strata.end() ? std::vector<LabelStratum>() : found->second;
}

Confusion counts_in_arm(const JudgeError& error, const std::string& arm, const RunText& text) {
  Confusion counts = error.counts;
  const JudgeSource source = source_of(error, text, {&arm, 1});
  if (source != JudgeSource::here && source != JudgeSource::part_of_run) return counts;
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
