// The request that a planned trial makes of a model, and the reply to it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "chat/chat_model.h"
#include "study/plan.h"

namespace iago {

// The reply to one trial.
struct SampledTrial {
  std::size_t trial = 0;  // index into Plan::trials
  ChatReply reply;
  double seconds = 0;  // from sending to the reply
};

// The request of a planned trial.
ChatRequest request_of(const Plan& plan, const Trial& trial, const Sampling& sampling,
                       std::uint64_t seed);

}  // namespace iago
