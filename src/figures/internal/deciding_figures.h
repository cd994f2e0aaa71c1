// The contrasts of a summary: each gap under each wording, what is said of several wordings
// together, and the verdicts. Private to this room.
#pragma once

#include <vector>

#include "figures/internal/wording_data.h"
#include "figures/summary.h"

namespace iago {

// Fills in each wording's contrasts, what it lacks, and its difference to the reference; the mean,
// spread and crossed gap of several.
void compare_arms(Summary& summary, const std::vector<WordingData>& data);

// Fills in the decisions and each wording's state. After compare_arms.
void decide(Summary& summary, const std::vector<WordingData>& data);

}  // namespace iago
