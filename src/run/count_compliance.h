// A study without a store, for simulations of thousands: sampled, parsed and judged by the same
// functions as a run's, and counted on the way. Nothing is kept but the counts.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "chat/chat_model.h"
#include "judge/judge.h"
#include "stats/counts.h"
#include "study/study.h"

namespace iago {

// Compliance by query, of a study of one wording (broken: abort), an arm's counts in the order of
// Study::arms, queries in that of the plan. What the judge does not label, or calls unclear, counts
// as missing, as does every completion without an answer. Throws what the model throws, and Error
// disconnected for a reply that failed.
std::vector<ArmCounts> count_compliance(const LoadedStudy& loaded, ChatModel& model,
                                        Judge& compliance, const Clock& clock);

}  // namespace iago
