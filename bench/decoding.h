// How fast `lm` decodes, against the products that it cannot do without and against the naive
// loop. One thread.
#pragma once

#include <vector>

#include "bench/measuring.h"
#include "bench/shape.h"

namespace iago::bench {

// Prints the table over batch sizes and adds the figures that are asked for.
void measure_decoding(const Subject& subject, int rounds, std::vector<Figure>& figures);

// 64 repeats of one query, against the naive loop.
void measure_against_naive(const Subject& subject, int rounds, std::vector<Figure>& figures);

// Seconds of the processor to sample this many answers to each prompt of one arm, all in one batch:
// what a step of a retraining samples.
double seconds_to_sample(const Subject& subject, std::int64_t prompts, std::int64_t answers);

}  // namespace iago::bench
