// Sampling the next token from logits. Temperature first, then top-k, then top-p, as in Hugging
// Face transformers. Two log-probabilities come back: the model's own, at temperature 1 and
// untruncated, whatever the options; and that of the distribution from which the token was drawn.
// At temperature 0 the most probable token is taken, of equals the one with the lowest id.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"
#include "record/sampling.h"

namespace iago {

// Error invalid that names the option, its range and its value. Looks at the temperature, top_p,
// top_k and max_tokens.
void check_sampling(const Sampling& options);

struct Sample {
  std::int32_t token = 0;
  float logprob = 0;          // natural, <= 0; the model's own
  float sampled_logprob = 0;  // the same under the options; 0 at temperature 0
};

// Draws tokens; holds the scratch memory that this needs. Not thread-safe.
class Sampler {
 public:
  explicit Sampler(std::size_t vocab_size);

  // logits [V]; Error corrupt if they are not finite. Takes exactly one number from `random`, or
  // none at temperature 0. Ties at a truncation's edge keep the lower ids.
  Sample sample(std::span<const float> logits, const Sampling& options, Random& random);

 private:
  // A token, and the weight of all that could have been drawn.
  struct Draw {
    std::int32_t token;
    double mass;
  };
  Draw draw(std::span<const float> logits, double total, const Sampling& options, Random& random);
  Draw draw_truncated(std::span<const float> logits, double total, const Sampling& options,
                      Random& random);

  std::vector<float> weights_;         // [V]
  std::vector<std::int32_t> by_rank_;  // [V]
};

// The log-probability of one token under the softmax at `temperature` > 0, untruncated. logits [V].
// Error corrupt if they are not finite.
float log_probability(std::span<const float> logits, std::int32_t token, double temperature = 1);

}  // namespace iago
