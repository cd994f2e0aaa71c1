#include "lm/internal/sampling.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "lm/internal/kernels.h"

namespace iago {
namespace {

[[noreturn]] void refuse(std::string_view option, std::string_view range, double found) {
  throw Error(ErrorCode::invalid, fmt::format("{} must be {}, found {}", option, range, found));
}

void check_finite(float highest, double sum) {
  if (std::isfinite(highest) && std::isfinite(sum)) return;
  throw Error(ErrorCode::corrupt, "the network's logits are not finite",
              "the weights are damaged, or too large for float32");
}

// What logits are multiplied with at a temperature above 0.
float factor_of(double temperature) {
  return static_cast<float>(1.0 / std::max(temperature, 1e-6));
}

// The log-probability of a token among tokens whose weights e^((logit - highest) * factor) have
// this sum.
float log_share(float logit, float highest, float factor, double sum) {
  const double weight = static_cast<double>(logit - highest) * factor;
  return static_cast<float>(std::min(0.0, weight - std::log(sum)));
}

// The first index at which the running sum of weights exceeds `target`. Blocks are added up first,
// so that most of the row is passed over without a chain of additions.
std::size_t find_in_sum(std::span<const float> weights, double target) {
  constexpr std::size_t kBlock = 16;
  double before = 0;
  std::size_t begin = 0;
  for (; begin + kBlock <= weights.size(); begin += kBlock) {
    float lanes[4] = {};
    for (std::size_t i = 0; i < kBlock; ++i) lanes[i % 4] += weights[begin + i];
    const double block = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
    if (before + block > target) break;
    before += block;
  }
  for (std::size_t i = begin; i < weights.size(); ++i) {
    before += weights[i];
    if (before > target) return i;
  }
  // Rounding put the target beyond the sum: the last token that has any weight.
  for (std::size_t i = weights.size(); i-- > 0;) {
    if (weights[i] > 0) return i;
  }
  return 0;
}

}  // namespace

void check_sampling(const Sampling& options) {
  if (!(options.temperature >= 0 && options.temperature <= 1e6)) {
    refuse("temperature", "in [0, 1e6]", options.temperature);
  }
  if (!(options.top_p > 0 && options.top_p <= 1)) refuse("top_p", "in (0, 1]", options.top_p);
  if (options.top_k < 0) refuse("top_k", "0 (all) or more", options.top_k);
  if (options.max_tokens < 1) refuse("max_tokens", "above 0", options.max_tokens);
}

Sampler::Sampler(std::size_t vocab_size) : weights_(vocab_size), by_rank_(vocab_size) {}

Sample Sampler::sample(std::span<const float> logits, const Sampling& options, Random& random) {
  IAGO_CHECK(logits.size() == weights_.size(), "one logit per token");
  const auto size = static_cast<std::int64_t>(logits.size());
  const float top = kernels().highest(logits.data(), size);
  const bool plain = options.temperature == 1.0;
  const double sum =
      kernels().exp_sum(logits.data(), size, top, 1.0f, plain ? weights_.data() : nullptr);
  check_finite(top, sum);
  if (options.temperature == 0) {
    const auto best = std::find(logits.begin(), logits.end(), top);
    return {.token = static_cast<std::int32_t>(best - logits.begin()),
            .logprob = log_share(top, top, 1, sum)};
  }
  const float factor = factor_of(options.temperature);
  const double total =
      plain ? sum : kernels().exp_sum(logits.data(), size, top, factor, weights_.data());
  const Draw drawn = draw(logits, total, options, random);
  const float logit = logits[static_cast<std::size_t>(drawn.token)];
  return {.token = drawn.token,
          .logprob = log_share(logit, top, 1, sum),
          .sampled_logprob = log_share(logit, top, factor, drawn.mass)};
}

Sampler::Draw Sampler::draw(std::span<const float> logits, double total, const Sampling& options,
                            Random& random) {
  const bool truncated =
      options.top_p < 1 || (options.top_k > 0 && options.top_k < static_cast<int>(logits.size()));
  if (truncated) return draw_truncated(logits, total, options, random);
  const std::size_t at = find_in_sum(weights_, random.uniform() * total);
  return {static_cast<std::int32_t>(at), total};
}

Sampler::Draw Sampler::draw_truncated(std::span<const float> logits, double total,
                                      const Sampling& options, Random& random) {
  std::iota(by_rank_.begin(), by_rank_.end(), 0);
  auto before = [&](std::int32_t a, std::int32_t b) {
    const float x = logits[static_cast<std::size_t>(a)], y = logits[static_cast<std::size_t>(b)];
    return x != y ? x > y : a < b;
  };
  std::size_t kept = by_rank_.size();
  if (options.top_k > 0) kept = std::min(kept, static_cast<std::size_t>(options.top_k));
  auto weight = [&](std::size_t rank) {
    return static_cast<double>(weights_[static_cast<std::size_t>(by_rank_[rank])]);
  };
  // Ranks are sorted in growing stretches: top-p is mostly reached among the first few.
  std::size_t sorted = 0;
  auto sort_to = [&](std::size_t end) {
    std::partial_sort(by_rank_.begin() + static_cast<std::ptrdiff_t>(sorted),
                      by_rank_.begin() + static_cast<std::ptrdiff_t>(end), by_rank_.end(), before);
    sorted = end;
  };
  if (kept < by_rank_.size()) {
    sort_to(kept);
    total = 0;
    for (std::size_t i = 0; i < kept; ++i) total += weight(i);
  }
  double mass = 0;
  std::size_t count = 0;
  while (count < kept) {
    if (count == sorted) sort_to(std::min(kept, std::max<std::size_t>(64, 2 * sorted)));
    mass += weight(count++);
    if (options.top_p < 1 && mass >= options.top_p * total) break;
  }
  double target = random.uniform() * mass;
  for (std::size_t i = 0; i + 1 < count; ++i) {
    target -= weight(i);
    if (target < 0) return {by_rank_[i], mass};
  }
  return {by_rank_[count - 1], mass};
}

float log_probability(std::span<const float> logits, std::int32_t token, double temperature) {
  const auto size = static_cast<std::int64_t>(logits.size());
  const float top = kernels().highest(logits.data(), size), factor = factor_of(temperature);
  const double sum = kernels().exp_sum(logits.data(), size, top, factor, nullptr);
  check_finite(top, sum);
  return log_share(logits[static_cast<std::size_t>(token)], top, factor, sum);
}

}  // namespace iago
