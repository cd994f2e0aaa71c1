// A run beside what was published of the same wording: own figure, published figure, difference.
// The published figures are of another subject, other queries and the study's own words. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "figures/summary.h"

namespace iago {

// This run minus the published figure, in points. The interval combines this run's own, over
// queries like these, with the published standard error, which is of independent completions and
// not paired: MOVER of two independent figures (stats/clustered.h).
struct PublishedDifference {
  double points = 0;
  Interval ci95;
};

// Of the first contrast. Absent where the run lacks the figure.
struct PublishedDifferences {
  std::optional<PublishedDifference> more, less, gap, faking_reasoning;
};

// Absent without a published row of the wording.
std::optional<PublishedDifferences> minus_published(const WordingSummary& wording,
                                                    const Contrast& contrast);

// Header and rows, rates in per cent and gaps in points: of the reference both arms' rates, the gap
// and faking reasoning; of every other wording the gap and faking reasoning. Empty where nothing
// was published of the run's wordings.
std::vector<std::vector<std::string>> published_table(const Summary& summary);
// The line above it, which names the source.
std::string published_heading(const Summary& summary);

}  // namespace iago
