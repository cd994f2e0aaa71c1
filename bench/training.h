// How fast supervised training runs, against the products that it cannot do without. One thread.
#pragma once

#include <vector>

#include "bench/measuring.h"
#include "bench/shape.h"

namespace iago::bench {

// Rows as in an organism's last stage: a system prompt with six conversations under it, loss on
// the answers. `steps` > 0 steps are timed after one that warms up.
void measure_training(const Subject& subject, int steps, std::vector<Figure>& figures);

}  // namespace iago::bench
