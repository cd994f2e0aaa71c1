// Completions that two runs have in common, because one took them from the other or both from a
// third. Private to this room.
#pragma once

#include <vector>

#include "figures/comparison.h"

namespace iago {

// Of every two runs in which such completions stand in an arm of the gap, by their places. Reads
// the stores of those runs once more, and none where no run took any. Errors as Store.
std::vector<SharedCompletions> shared_completions(const std::vector<ComparedRun>& runs);

}  // namespace iago
