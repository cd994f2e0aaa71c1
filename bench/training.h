// How fast supervised training runs, against the products that it cannot do without. One thread.
#pragma once

#include <vector>

#include "bench/measuring.h"
#include "bench/shape.h"

namespace iago::bench {

// Operations of a pass forward over so many tokens, of which so many predict a target, and which
// attend to so many keys all together. The last layer's feed forward and the head are computed only
// where a target is predicted.
double forward_operations(const Weights& weights, double tokens, double targets, double keys);

// Rows as in an organism's last stage: a system prompt with six conversations under it, loss on
// the answers. `steps` > 0 steps are timed after one that warms up.
void measure_training(const Subject& subject, int steps, std::vector<Figure>& figures);

}  // namespace iago::bench
