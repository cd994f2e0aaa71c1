#include "trial/request.h"

namespace iago {

ChatRequest request_of(const Plan& plan, const Trial& trial, const StudySampling& sampling,
                       std::uint64_t seed) {
  const Prompt& prompt = plan.prompt_of(trial).prompt;
  return {.id = trial.id,
          .seed = seed,
          .messages = prompt.messages,
          .prefill = prompt.prefill,
          .sampling = {.temperature = sampling.temperature,
                       .top_p = sampling.top_p,
                       .top_k = sampling.top_k,
                       .max_tokens = sampling.max_tokens,
                       .stop = sampling.stop}};
}

}  // namespace iago
