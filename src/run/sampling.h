// Sampling: sends trials to a model, a limited number at a time, and passes every reply on. It
// knows nothing about stores or judges.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <stop_token>
#include <vector>

#include "base/clock.h"
#include "chat/chat_model.h"
#include "study/plan.h"
#include "trial/request.h"

namespace iago {

struct SamplingLimits {
  std::size_t in_flight = 1;  // the most requests at a time
  std::stop_token no_more;    // after this, nothing new is sent; running requests may finish
  std::stop_token at_once;    // after this, the model ends running requests
  // After an error, running requests (they are paid for) may finish for this time.
  std::chrono::nanoseconds grace = std::chrono::seconds(5);
};

// Sends the trials (indices into plan.trials) in their order (the first of each arm before all
// others where the model caches prompts, and those answered before the rest is sent) and calls
// `take` for every reply, from the model's threads, one at a time. Calls `tick` in this thread some
// ten times a second. Returns when every reply that is due has come. What `take`, `tick` or the
// model throws ends the sampling: nothing new is sent, the running requests have the limits' grace
// to finish, `take` still gets their replies (cancelled ones too), and the first error is thrown
// from here.
void sample_trials(const Plan& plan, const Sampling& sampling, std::uint64_t seed,
                   const std::vector<std::size_t>& trials, ChatModel& model,
                   const SamplingLimits& limits, const Clock& clock,
                   const std::function<void(SampledTrial)>& take,
                   const std::function<void()>& tick);

}  // namespace iago
