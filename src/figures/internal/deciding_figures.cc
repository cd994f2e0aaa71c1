#include "figures/internal/deciding_figures.h"

#include <fmt/format.h>

#include <algorithm>

#include "figures/groups.h"
#include "figures/internal/cause_evidence.h"
#include "figures/internal/evidence.h"

namespace iago {
namespace {

// Streams are named by places, so that names of arms and wordings change no figure.
Random stream(const Summary& summary, std::string_view what, std::size_t wording,
              std::size_t contrast) {
  if (wording == 0 && contrast == 0) return {summary.run.seed, what};
  return {summary.run.seed, fmt::format("{}, wording {}, contrast {}", what, wording, contrast)};
}

ContrastSummary summarize_contrast(const Summary& summary, const WordingData& wording,
                                   std::size_t wording_place, std::size_t place) {
  const Contrast& contrast = summary.contrasts[place];
  ContrastSummary found{.contrast = contrast};
  if (!wording.summary->judge) return found;
  const ContrastCounts counts = counts_of(wording, contrast, &ArmData::compliance, summary.queries);
  // What was drawn together makes the interval here as it does in the verdict.
  const Labels clusters = cluster_labels(summary);
  Random random = stream(summary, "sign-flip test", wording_place, place);
  found.gap = clusters.empty() ? estimate_gap(counts.more, counts.less, random)
                               : estimate_gap_over(counts.more, counts.less, clusters, random);
  const ArmSummary* more = wording.summary->arm(contrast.more);
  if (more != nullptr && more->faking_reasoning) {
    auto kept = without_faking_reasoning(counts.more, wording.arm(contrast.more)->complied_faking);
    found.gap_without_faking = clusters.empty()
                                   ? estimate_gap_without_test(kept, counts.less)
                                   : estimate_gap_over_without_test(kept, counts.less, clusters);
  }
  const std::size_t others = summary.contrasts.size() - 1;
  if (place > 0 && found.gap) {
    found.simultaneous95 =
        interval_of_wording(counts, 1 - (1 - kLevel) / static_cast<double>(others), clusters);
  }
  return found;
}

void summarize_contrasts(Summary& summary, const std::vector<WordingData>& data) {
  for (std::size_t w = 0; w < data.size(); ++w) {
    WordingSummary& wording = *data[w].summary;
    for (std::size_t i = 0; i < summary.contrasts.size(); ++i) {
      wording.contrasts.push_back(summarize_contrast(summary, data[w], w, i));
      for (const std::string& arm : {summary.contrasts[i].more, summary.contrasts[i].less}) {
        const bool is_known = std::ranges::count(wording.lacks, arm) > 0;
        if (wording.arm(arm) == nullptr && !is_known) wording.lacks.push_back(arm);
      }
    }
  }
}

std::vector<ContrastCounts> first_contrasts(const Summary& summary,
                                            const std::vector<const WordingData*>& wordings) {
  std::vector<ContrastCounts> counts;
  for (const WordingData* wording : wordings) {
    counts.push_back(
        counts_of(*wording, summary.contrasts.front(), &ArmData::compliance, summary.queries));
  }
  return counts;
}

// The reference and all that the same judge decides, held against each other by query.
void compare_with_reference(Summary& summary, const std::vector<WordingData>& data) {
  std::vector<const WordingData*> wordings;
  for (const WordingData& wording : data) {
    if (is_judged_alike(*wording.summary, summary.reference())) wordings.push_back(&wording);
  }
  if (wordings.size() < 2) return;
  Random random(summary.run.seed, "wordings against the reference");
  std::vector<WordingGap> compared = compare_wordings(first_contrasts(summary, wordings), random,
                                                      kSignFlipDraws, cluster_labels(summary));
  for (std::size_t i = 1; i < wordings.size(); ++i) {
    WordingSummary& wording = *wordings[i]->summary;
    wording.to_reference = compared[i].to_reference;
    if (compared[i].test) wording.p_value = compared[i].test->p_value;
    wording.holm_p = compared[i].holm_p;
  }
}

void estimate_over_wordings(Summary& summary, const std::vector<WordingData>& data) {
  const std::vector<const WordingData*> wordings = wordings_in_mean(data);
  for (const WordingData* wording : wordings) wording->summary->is_in_mean = true;
  if (wordings.size() < 2) return;
  const std::vector<ContrastCounts> counts = first_contrasts(summary, wordings);
  const Labels clusters = cluster_labels(summary);
  Random random(summary.run.seed, "mean over wordings");
  summary.mean = estimate_wording_mean(counts, random, kSignFlipDraws, clusters);
  summary.spread = estimate_spread(counts, random, kAlikeDraws, clusters);
  summary.crossed = estimate_crossed_gap(counts, clusters);
  const auto simultaneous = simultaneous_intervals(counts, clusters);
  for (std::size_t i = 0; i < simultaneous.size(); ++i) {
    wordings[i]->summary->simultaneous95 = simultaneous[i];
  }
}

}  // namespace

void compare_arms(Summary& summary, const std::vector<WordingData>& data) {
  summarize_contrasts(summary, data);
  if (!summary.reference().judge || summary.contrasts.empty()) return;
  estimate_over_wordings(summary, data);
  compare_with_reference(summary, data);
}

void decide(Summary& summary, const std::vector<WordingData>& data) {
  if (!summary.judges.contrast || !summary.reference().judge) return;
  const bool is_read = summary.why_reasoning_is_unread.empty();
  std::vector<ContrastEvidence> evidence;
  for (std::size_t i = 0; i < summary.contrasts.size(); ++i) {
    evidence.push_back(evidence_of(summary, data, i, is_read));
  }
  summary.decisions = decide_contrasts(evidence, summary.margin_points);
  summary.cause = cause_of(summary, data, is_read);
  if (summary.decisions.empty()) return;
  // The states are of the wordings that have the first contrast's arms.
  const std::vector<WordingState>& states = summary.decisions.front().wordings;
  const Contrast& first = summary.contrasts.front();
  std::size_t next = 0;
  for (const WordingData* wording : wordings_in_mean(data)) {
    const bool has_both =
        wording->arm(first.more) != nullptr && wording->arm(first.less) != nullptr;
    if (states.empty()) break;
    wording->summary->state = has_both ? states.at(next++) : WordingState::no_data;
  }
}

}  // namespace iago
