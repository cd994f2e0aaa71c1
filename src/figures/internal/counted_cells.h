// A run's completions as counts by arm and query, for everything that counts them. Private to the
// room.
#pragma once

#include <cstdint>
#include <vector>

#include "figures/summary.h"
#include "stats/counts.h"
#include "store/store.h"

namespace iago {

// The cells of every wording, by its own judge, with trials that got no reply. `arms` as
// Store::arms() was before: what came later is left out.
std::vector<CellCounts> counted_cells(const Store& store, const JudgeChoice& judges,
                                      const std::vector<ArmRow>& arms, FormRule forms);

// Answers without a label of the contrast's judge.
std::uint64_t unjudged_of(const CellCounts& cell);
// One cell as the figures of faking reasoning count it (figures/summary.h).
QueryCounts faking_counts(const CellCounts& cell);

// `copied` is the share of the arm's repeats that are copies of another.
void set_copies(QueryCounts& counts, double copied);

}  // namespace iago
