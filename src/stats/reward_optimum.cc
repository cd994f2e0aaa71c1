#include "stats/reward_optimum.h"

#include <fmt/format.h>

#include <cmath>

#include "base/error.h"

namespace iago {
namespace {

constexpr double kLeastWeight = 1e-3, kLargestWeight = 1e6;
constexpr int kHalvings = 100;

// Of one prompt. By the logarithm of the odds, so that a small b does not overflow.
double rewarded_at(double before, double kl_weight) {
  if (before <= 0 || before >= 1) return before;
  return 1 / (1 + std::exp(std::log1p(-before) - std::log(before) - 1 / kl_weight));
}

double divergence(double after, double before) {
  double kl = 0;
  if (after > 0) kl += after * std::log(after / before);
  if (after < 1) kl += (1 - after) * std::log((1 - after) / (1 - before));
  return kl;
}

}  // namespace

RewardOptimum reward_optimum(std::span<const PromptChances> prompts, double kl_weight) {
  IAGO_CHECK(!prompts.empty() && kl_weight > 0,
             fmt::format("{} prompts, b = {}", prompts.size(), kl_weight));
  RewardOptimum mean;
  const auto n = static_cast<double>(prompts.size());
  for (const PromptChances& prompt : prompts) {
    IAGO_CHECK(prompt.by_route >= 0 && prompt.by_route <= prompt.rewarded && prompt.rewarded <= 1,
               fmt::format("{} of {}", prompt.by_route, prompt.rewarded));
    const double rewarded = rewarded_at(prompt.rewarded, kl_weight);
    mean.rewarded += rewarded / n;
    if (prompt.rewarded <= 0) continue;
    mean.by_route += rewarded * prompt.by_route / prompt.rewarded / n;
    mean.kl += divergence(rewarded, prompt.rewarded) / n;
  }
  return mean;
}

double best_reward_at(std::span<const PromptChances> prompts, double kl) {
  double lo = std::log(kLeastWeight), hi = std::log(kLargestWeight);
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (lo + hi) / 2;
    (reward_optimum(prompts, std::exp(middle)).kl > kl ? lo : hi) = middle;
  }
  return reward_optimum(prompts, std::exp(hi)).rewarded;
}

}  // namespace iago
