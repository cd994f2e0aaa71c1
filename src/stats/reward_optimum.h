// Where a training on rewards of 0 or 1 ends at best. For one prompt, the policy with the largest
// E[R] - b KL(policy || start) is the starting policy with every answer weighted by e^(R/b)
// (Rafailov et al., 2023, arXiv 2305.18290, equation 4). With the chance p of an answer that is
// rewarded before the training, that is
//
//   p* = p e^(1/b) / (p e^(1/b) + 1 - p),   KL = p* log(p* / p) + (1 - p*) log((1 - p*) / (1 - p))
//
// and the rewarded answers keep their proportions among themselves: each way to the reward grows by
// the same factor. All of it holds prompt by prompt. A policy whose weights serve all prompts need
// not reach it, and none has a larger reward at the same KL. Pure functions, safe from any thread.
#pragma once

#include <span>

namespace iago {

// One prompt before the training.
struct PromptChances {
  double rewarded = 0;  // chance of an answer with reward 1
  double by_route = 0;  // of a rewarded answer that gets there in one particular way
};

// Means over prompts.
struct RewardOptimum {
  double rewarded = 0, by_route = 0;  // chances, as before
  double kl = 0;                      // nats of an answer, to the starting policy
};

// At the weight b of the divergence, in reward per nat. At least one prompt, chances in [0, 1],
// by_route at most rewarded, b > 0 (broken: abort). A prompt whose chance is 0 or 1 stays as it is.
RewardOptimum reward_optimum(std::span<const PromptChances> prompts, double kl_weight);

// The largest mean reward that any policy has whose mean KL is at most `kl` nats: that of the
// optimum with this KL, or the limit for b near 0 where no optimum has that much.
double best_reward_at(std::span<const PromptChances> prompts, double kl);

}  // namespace iago
