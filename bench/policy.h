// How fast a policy gradient updates, against the products that it cannot do without. One thread.
// policy_loop.py makes the same updates by a plain loop of PyTorch, run by hand: 4.8 to 5.3 s of
// the processor an update (PyTorch 1.13 with OpenBLAS, transformers 4.40) where this took 1.3
// to 1.4 s.
#pragma once

#include <vector>

#include "bench/measuring.h"
#include "bench/shape.h"

namespace iago::bench {

// Updates on 12 prompts of one arm with 16 answers each, as a retraining makes them. `steps` > 0
// updates are timed after one that warms up.
void measure_policy_gradient(const Subject& subject, int steps, std::vector<Figure>& figures);

}  // namespace iago::bench
