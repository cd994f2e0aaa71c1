// AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101, algorithm 2) over one flat buffer: clipping,
// both moments, decay, step and the average of weights in one pass over memory.
#pragma once

#include <cstdint>
#include <span>

namespace iago {

struct AdamWOptions {
  double beta1 = 0.9;
  double beta2 = 0.95;
  double epsilon = 1e-8;
  double weight_decay = 0.1;  // times the learning rate; matrices only, as marked by `decays`
};

struct AdamWStep {
  std::int64_t step = 1;  // 1 for the first
  double learning_rate = 0;
  double gradient_scale = 1.0;  // multiplies the gradient first: clipping
  double ema_decay = 0;  // average = decay * average + (1 - decay) * weights; unused if no average
};

// What one step reads and writes; all of one length, `average` may be empty.
struct AdamWBuffers {
  std::span<float> weights, first_moment, second_moment, average;
  std::span<const float> gradient;
};

// One step on [0, n). Weight decay applies where decays[i] is not 0.
void adamw_step(const AdamWOptions& options, const AdamWStep& step, const AdamWBuffers& buffers,
                bool decays);

}  // namespace iago
