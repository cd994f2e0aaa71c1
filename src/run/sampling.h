// Sampling: sends trials to a model, a limited number at a time, and passes every reply on. It
// knows nothing about stores or judges.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "base/clock.h"
#include "chat/ask_many.h"
#include "study/plan.h"
#include "trial/request.h"

namespace iago {

// Sends the trials (indices into plan.trials) in their order (the first of each arm before all
// others where the model caches prompts, and those answered before the rest is sent) and calls
// `take` for every reply, from the model's threads, one at a time. Calls `tick` in this thread some
// ten times a second. Returns when every reply that is due has come. What `take`, `tick` or the
// model throws ends the sampling: nothing new is sent, the running requests have the limits' grace
// to finish, `take` still gets their replies (cancelled ones too), and the first error is thrown
// from here.
void sample_trials(const Plan& plan, const Sampling& sampling, std::uint64_t seed,
                   const std::vector<std::size_t>& trials, ChatModel& model,
                   const AskLimits& limits, const Clock& clock,
                   const std::function<void(SampledTrial)>& take,
                   const std::function<void()>& tick);

}  // namespace iago
