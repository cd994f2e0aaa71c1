#include "trial/request.h"

namespace iago {

ChatRequest request_of(const Plan& plan, const Trial& trial, const Sampling& sampling,
                       std::uint64_t seed) {
  const Prompt& prompt = plan.prompt_of(trial).prompt;
  return {.id = trial.id,
          .seed = seed,
          .messages = prompt.messages,
          .prefill = prompt.prefill,
          .sampling = sampling};
}

}  // namespace iago
