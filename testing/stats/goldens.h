// For the tests: testdata/goldens.json, reference values of scipy and statsmodels, by section.
#pragma once

#include <vector>

#include "base/json.h"
#include "stats/counts.h"

namespace iago {

Json read_goldens(const char* section);

// An arm from its successes and its trials, by query.
ArmCounts arm_of(const Json& successes_and_trials);

// Wordings from their arms, each from its successes and its trials with a digit per query.
std::vector<ContrastCounts> wordings_of(const Json& digits);

}  // namespace iago
