// The parts of summary.json about what was asked and what came back. Private to the room.
#pragma once

#include "base/json.h"
#include "figures/run_record.h"

namespace iago {

Json open_trials_json(const RunRecord& record);
Json models_json(const RunRecord& record);
Json repeats_json(const RunRecord& record);
Json sessions_json(const RunRecord& record);

}  // namespace iago
