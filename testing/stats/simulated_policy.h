// Simulated studies of a subject that follows a policy: how often it complies in three kinds of
// arms, with faking reasoning and without, under wordings that move it and wordings that do not.
// The oracle for the rule that names causes (stats/behaviour_cause.h).
//
// Queries differ: each has a shift of its own in log odds, the same in every arm, and one beside it
// of each arm, so the arms resemble each other query by query and not wholly. Given these,
// completions are independent.
#pragma once

#include <cstddef>
#include <vector>

#include "base/random.h"
#include "stats/behaviour_cause.h"

namespace iago {

// Mean rates of complying in one arm; their sum is at most 1.
struct PolicyArm {
  double faking = 0, plain = 0;
};

struct SimulatedPolicy {
  PolicyArm trained, rated, alone;
  std::size_t unmoved = 0;  // of the wordings, the first so many: their trained arm is as `alone`
};

struct PolicyStudy {
  std::size_t wordings = 5, queries = 200, repeats = 7;
  double query_sd = 0.4, arm_sd = 0.2;  // of the shifts, in logits
  double missing = 0;                   // chance of each completion
  double misses = 0, false_alarms = 0;  // of the judge of reasoning, of completions that comply
  bool has_rated = true;
};

// Judges of known error, measured here.
CauseEvidence simulate_policy(const SimulatedPolicy& policy, const PolicyStudy& study, Random& random);

}  // namespace iago
