// The verdicts of a summary as its JSON has them. Private to this room.
#pragma once

#include <optional>

#include "base/json.h"
#include "figures/summary.h"

namespace iago {

// One object for each contrast, in the summary's order.
Json verdicts_json(const Summary& summary);

// What explains the behaviour; null if it was not asked.
Json cause_json(const std::optional<CauseSummary>& cause);

}  // namespace iago
