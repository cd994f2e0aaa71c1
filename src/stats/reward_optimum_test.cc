#include "stats/reward_optimum.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "base/random.h"

namespace iago {
namespace {

// A start over six answers. The first three are rewarded, the first by the route that is followed.
const std::vector<double> kStart = {0.08, 0.03, 0.01, 0.5, 0.3, 0.08};
constexpr std::size_t kRewarded = 3;
const std::vector<PromptChances> kPrompt = {{0.12, 0.08}};

double rewarded(const std::vector<double>& policy) {
  return std::accumulate(policy.begin(), policy.begin() + kRewarded, 0.0);
}

double kl_to_start(const std::vector<double>& policy) {
  double kl = 0;
  for (std::size_t i = 0; i < policy.size(); ++i) kl += policy[i] * std::log(policy[i] / kStart[i]);
  return kl;
}

std::vector<double> softmax(const std::vector<double>& logits) {
  std::vector<double> policy;
  for (double logit : logits) policy.push_back(std::exp(logit));
  const double sum = std::accumulate(policy.begin(), policy.end(), 0.0);
  for (double& chance : policy) chance /= sum;
  return policy;
}

// The best policy by gradient ascent on its logits, which knows nothing of the closed form.
std::vector<double> ascend(double kl_weight) {
  std::vector<double> logits;
  for (double chance : kStart) logits.push_back(std::log(chance));
  for (int step = 0; step < 20000; ++step) {
    const std::vector<double> policy = softmax(logits);
    std::vector<double> values;
    double mean = 0;
    for (std::size_t i = 0; i < policy.size(); ++i) {
      const double reward = i < kRewarded ? 1 : 0;
      values.push_back(reward - kl_weight * std::log(policy[i] / kStart[i]));
      mean += policy[i] * values[i];
    }
    for (std::size_t i = 0; i < policy.size(); ++i) logits[i] += policy[i] * (values[i] - mean);
  }
  return softmax(logits);
}

TEST(RewardOptimum, IsWhatGradientAscentOverAllPoliciesFinds) {
  for (const double kl_weight : {1.0, 0.5, 0.25}) {
    const std::vector<double> best = ascend(kl_weight);
    const RewardOptimum optimum = reward_optimum(kPrompt, kl_weight);
    EXPECT_NEAR(optimum.rewarded, rewarded(best), 1e-6) << kl_weight;
    EXPECT_NEAR(optimum.by_route, best[0], 1e-6) << kl_weight;
    EXPECT_NEAR(optimum.kl, kl_to_start(best), 1e-6) << kl_weight;
  }
}

TEST(RewardOptimum, NoPolicyHasALargerRewardAtTheSameDivergence) {
  Random random(1, "policies");
  for (int i = 0; i < 20000; ++i) {
    std::vector<double> logits;
    for (double chance : kStart) logits.push_back(std::log(chance) + 3 * (random.uniform() - 0.5));
    const std::vector<double> policy = softmax(logits);
    EXPECT_LE(rewarded(policy), best_reward_at(kPrompt, kl_to_start(policy)) + 1e-9);
  }
}

TEST(RewardOptimum, IsAMeanOverPromptsOfWhichEachHasItsOwn) {
  const std::vector<PromptChances> both = {{0.1, 0.1}, {0.4, 0.1}};
  const RewardOptimum first = reward_optimum(std::vector<PromptChances>{both[0]}, 0.5),
                      second = reward_optimum(std::vector<PromptChances>{both[1]}, 0.5),
                      mean = reward_optimum(both, 0.5);
  EXPECT_DOUBLE_EQ(mean.rewarded, (first.rewarded + second.rewarded) / 2);
  EXPECT_DOUBLE_EQ(mean.by_route, (first.rewarded + second.rewarded / 4) / 2);
  EXPECT_DOUBLE_EQ(mean.kl, (first.kl + second.kl) / 2);
  EXPECT_LT(mean.rewarded, reward_optimum(std::vector<PromptChances>{{0.25, 0.1}}, 0.5).rewarded);
}

TEST(RewardOptimum, LeavesWhatIsNeverOrAlwaysRewardedAndTakesSmallWeights) {
  const std::vector<PromptChances> fixed = {{0, 0}, {1, 0.5}};
  EXPECT_DOUBLE_EQ(reward_optimum(fixed, 0.25).rewarded, 0.5);
  EXPECT_DOUBLE_EQ(reward_optimum(fixed, 0.25).by_route, 0.25);
  EXPECT_DOUBLE_EQ(reward_optimum(fixed, 0.25).kl, 0);
  const RewardOptimum greedy = reward_optimum(kPrompt, 1e-4);
  EXPECT_DOUBLE_EQ(greedy.rewarded, 1);
  EXPECT_NEAR(greedy.kl, -std::log(0.12), 1e-12);
  EXPECT_DOUBLE_EQ(best_reward_at(kPrompt, 10), 1);
  EXPECT_NEAR(best_reward_at(kPrompt, 0), 0.12, 1e-5);
}

}  // namespace
}  // namespace iago
