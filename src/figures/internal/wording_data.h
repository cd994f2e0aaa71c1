// What the figures of a run are made of: the counts by query of each arm of each wording. Private
// to this room.
#pragma once

#include <string_view>
#include <vector>

#include "figures/summary.h"
#include "stats/counts.h"

namespace iago {

// What one arm is counted into. Position i is the query i.
struct ArmData {
  ArmCounts compliance, faking_reasoning;
  ArmCounts without_refusals;  // compliance, without what the provider refused
  // The same where people's labels say what is true of the answers that a judge finds unclear:
  // these are not missing, and the judge does not call them positive.
  ArmCounts labelled_compliance, labelled_faking_reasoning, labelled_without_refusals;
  std::vector<std::size_t> complied_faking;
  std::vector<bool> is_answered;  // a text came, whatever any judge says of it
};

// A wording's summary beside what its figures are made of, arm by arm of the summary's.
struct WordingData {
  WordingSummary* summary = nullptr;
  std::vector<ArmData> arms;

  // Null if there is none of that name.
  const ArmData* arm(std::string_view name) const;
};

// The counts of a contrast's two arms; an arm that the wording does not have is all zeros, and so
// is one in which the provider refused all that would count.
ContrastCounts counts_of(const WordingData& wording, const Contrast& contrast,
                         ArmCounts ArmData::*counts, std::size_t queries);

bool is_judged_alike(const WordingSummary& a, const WordingSummary& b);

}  // namespace iago
