// How the trials of an arm came out, as the verdict's rule asks for it (stats/decision.h): why
// nothing could be counted, where that is so.
#pragma once

#include "figures/summary.h"
#include "stats/decision.h"

namespace iago {

// Of one arm under one wording. Trials that were planned and never asked are in none of the counts.
// A reply without a text that says something is a trial, and no answer.
ArmTally tally_of(const ArmSummary& arm);

}  // namespace iago
