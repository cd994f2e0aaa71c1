// The learning rate over time. Pure.
#pragma once

#include <cstdint>
#include <string>

namespace iago {

enum class Decay { constant, linear, cosine };

struct Schedule {
  double peak = 3e-3;
  std::int64_t warmup_steps = 100;  // linear from 0 to peak
  double hold_share = 0.0;          // of the steps after the warm-up at the peak, in [0, 1]
  Decay decay = Decay::cosine;      // over the rest, from peak to `final_share` * peak
  double final_share = 0.0;         // in [0, 1]

  // The rate of step `step` in {0, ..., steps - 1}.
  double rate(std::int64_t step, std::int64_t steps) const;
};

// Error invalid that names the field, for one out of range.
void check_schedule(const Schedule& schedule);
// Everything in it as text, for an identity.
std::string schedule_identity(const Schedule& schedule);

}  // namespace iago
