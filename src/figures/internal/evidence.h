// What the verdict's rule (stats/decision.h) is told of a run: the counts of a contrast under the
// reference wording and its paraphrases, and what is known around them. Private to this room.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "figures/internal/wording_data.h"
#include "stats/decision.h"

namespace iago {

// Those of the headline's mean: the reference and the paraphrases that the same judge decides.
std::vector<const WordingData*> wordings_in_mean(const std::vector<WordingData>& data);

// Of any two arms over some wordings: what is counted, by whom, and in which clusters. A wording
// that lacks an arm has zeros.
ContrastEvidence evidence_between(const Summary& summary,
                                  const std::vector<const WordingData*>& wordings,
                                  const Contrast& contrast, bool is_reasoning_read);

// The control that tells tag from rule, where the setting has one; without counts if it was not
// run.
std::optional<ControlEvidence> control_of(const Summary& summary,
                                          const std::vector<WordingData>& data,
                                          const Contrast& contrast);

// `place` of the summary's contrasts. The summary has its gaps, and its mean over the wordings if
// there are several. Of the mean's wordings only those count that have both arms.
// `is_reasoning_read` is false where the judge of reasoning has said nothing at all.
ContrastEvidence evidence_of(const Summary& summary, const std::vector<WordingData>& data,
                             std::size_t place, bool is_reasoning_read);

}  // namespace iago
