// What a policy and a frozen reference say at the rows of a forest that predict targets, and how
// much each row counts in the gradient: all that a policy gradient needs of a network.
//
// Values without behaviour.
#pragma once

#include <vector>

namespace iago {

// One number for each of forest.targets in its order; nats.
struct PolicyRows {
  std::vector<float> log_p;       // of the target under the policy
  std::vector<float> divergence;  // KL(policy || reference) over the whole vocabulary
  std::vector<float> entropy;     // of the policy over the whole vocabulary
};

// The gradient is that of the sum over rows of score * log_p + divergence * (the row's divergence).
struct PolicyWeights {
  std::vector<float> score, divergence;
};

}  // namespace iago
