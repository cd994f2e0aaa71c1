// The learning rate over time. Pure.
#pragma once

#include <cstdint>

namespace iago::train {

enum class Decay { constant, linear, cosine };

struct Schedule {
  double peak = 3e-3;
  std::int64_t warmup_steps = 100;  // linear from 0 to peak
  Decay decay = Decay::cosine;      // from peak at the end of the warm-up to `final_share` * peak
  double final_share = 0.0;         // in [0, 1]

  // The rate of step `step` in {0, ..., steps - 1}.
  double rate(std::int64_t step, std::int64_t steps) const;
};

}  // namespace iago::train
