// How the completions of an arm ended, in the other side's own words: its finish reasons, and what
// a provider says of its refusals. Nobody vouches for these texts. Private to the room.
#pragma once

#include <vector>

#include "base/json.h"
#include "figures/notes.h"
#include "figures/summary.h"

namespace iago {

// `arms.A.endings` of summary.json.
Json endings_json(const ArmSummary& arm);

// One note for each arm of every wording that has completions which did not end by themselves and
// whose finish reason is known, or of which the provider said something.
std::vector<Note> ending_notes(const Summary& summary);

}  // namespace iago
