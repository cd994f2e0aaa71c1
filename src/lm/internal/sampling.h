// Sampling the next token from logits. Temperature first, then top-k, then top-p, as in Hugging
// Face transformers; the log-probability that comes back is the model's own, at temperature 1 and
// untruncated, whatever the options.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"

namespace iago {

struct SamplingOptions {
  double temperature = 1.0;  // >= 0; 0 = the most probable token, of equals the lowest id
  double top_p = 1.0;        // (0, 1]: the fewest most probable tokens that together reach it
  int top_k = 0;             // >= 0; 0 = all
  bool operator==(const SamplingOptions&) const = default;
};

// Error invalid that names the option, its range and its value.
void check_sampling(const SamplingOptions& options);

struct Sample {
  std::int32_t token = 0;
  float logprob = 0;  // natural, <= 0
};

// Draws tokens; holds the scratch memory that this needs. Not thread-safe.
class Sampler {
 public:
  explicit Sampler(std::size_t vocab_size);

  // logits [V]; Error corrupt if they are not finite. Takes exactly one number from `random`, or
  // none at temperature 0. Ties at a truncation's edge keep the lower ids.
  Sample sample(std::span<const float> logits, const SamplingOptions& options, Random& random);

 private:
  std::int32_t draw_truncated(std::span<const float> logits, double total,
                              const SamplingOptions& options, Random& random);

  std::vector<float> weights_;         // [V]
  std::vector<std::int32_t> by_rank_;  // [V]
};

// The model's own log-probability of one token. logits [V].
float log_probability(std::span<const float> logits, std::int32_t token);

}  // namespace iago
