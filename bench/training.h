// How fast supervised training runs, against the products that it cannot do without. One thread.
#pragma once

#include <vector>

#include "bench/measuring.h"
#include "bench/shape.h"

namespace iago::bench {

// Operations of a forward pass over `tokens` tokens: `targets` of them predict a target, and
// together they attend to `keys` keys. The last layer's feed-forward block and the head run only
// where a target is predicted.
double forward_operations(const Weights& weights, double tokens, double targets, double keys);

// Rows as in an organism's last stage: a system prompt with six conversations under it, loss on
// the answers. `steps` > 0 steps are timed after one that warms up.
void measure_training(const Subject& subject, int steps, std::vector<Figure>& figures);

}  // namespace iago::bench
