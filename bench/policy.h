// How fast a policy gradient samples and updates, against the products that an update cannot do
// without. One thread. policy_loop.py makes the same steps by a plain loop of PyTorch, and
// policy.sh writes both side by side to docs/results/policy.md.
#pragma once

#include <vector>

#include "bench/measuring.h"
#include "bench/shape.h"

namespace iago::bench {

// Steps on 12 prompts of one arm with 16 answers each, as a retraining makes them. `steps` > 0 of
// them are timed after one that warms up.
void measure_policy_gradient(const Subject& subject, int steps, std::vector<Figure>& figures);

}  // namespace iago::bench
