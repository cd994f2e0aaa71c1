// The estimate against the exact gradient, over all answers of a tiny vocabulary. The exact one
// knows nothing of score functions or baselines: the objective is written down as a sum over all
// beginnings of answers of their probability, and LibTorch differentiates it.
#include "train/internal/objective.h"

#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <map>

#include "testing/nn/random_forest.h"
#include "train/internal/answer_forest.h"
#include "train/internal/policy_pass.h"

namespace iago {
namespace {

using Tokens = std::vector<std::int32_t>;

constexpr std::int32_t kEnd = 0, kVocabulary = 4;
constexpr std::size_t kLongest = 3;
const Tokens kPrompt{2, 1, 3};

LlamaConfig smallest_config() {
  LlamaConfig config = tiny_config();
  config.vocab_size = kVocabulary;
  config.hidden_size = 8;
  config.intermediate_size = 8;
  config.layers = 1;
  config.heads = 2;
  config.kv_heads = 1;
  config.head_dim = 4;
  return config;
}

bool has_ended(const Tokens& answer) {
  return answer.size() == kLongest || (!answer.empty() && answer.back() == kEnd);
}

// Any reward will do that tells answers apart.
double reward_of(const Tokens& answer) {
  double reward = 0.3 * static_cast<double>(answer.size());
  for (std::size_t t = 0; t < answer.size(); ++t) {
    reward += std::sin(1.7 * answer[t] + 0.9 * static_cast<double>(t));
  }
  return reward;
}

// Every answer of a policy, and the exact gradient of its objective.
class World {
 public:
  explicit World(double kl_weight)
      : start(smallest_config(), 1), policy(smallest_config(), 2), kl_weight_(kl_weight) {
    options.kl_weight = kl_weight;
    at::Tensor flat = policy.impl().flat.clone().set_requires_grad(true);
    weights_ = view_weights(flat, policy.config());
    start_ = view_weights(start.impl().flat, start.config());
    const at::Tensor value = value_from({}, at::ones({}), 0);
    value.backward();
    objective = value.item<double>();
    gradient = flat.grad().to(at::kDouble);
  }

  AnswerGroup group(const std::vector<std::size_t>& chosen) const {
    AnswerGroup out{kPrompt, {}};
    for (const std::size_t i : chosen) {
      out.answers.push_back(
          {answers[i], std::vector<float>(answers[i].size(), -1.0f), reward_of(answers[i])});
    }
    return out;
  }

  // The estimate of the objective's gradient (uphill) from one batch.
  at::Tensor estimate(const std::vector<AnswerGroup>& groups) {
    auto objectives = objectives_of(groups, options);
    std::vector<std::size_t> all(groups.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    buffer_.clear();
    accumulate_groups(groups, all, policy.config(), start_, objectives, buffer_);
    kl_found = 0;
    for (const GroupObjective& one : objectives) kl_found += one.share() * one.sums().kl;
    return -buffer_.gradient().to(at::kDouble);
  }

  LlamaNet start, policy;
  PolicyGradientOptions options;
  std::vector<Tokens> answers;
  std::vector<double> probabilities;
  double objective = 0, kl = 0, kl_found = 0;
  at::Tensor gradient;

 private:
  at::Tensor log_probs_after(const Tokens& answer, const WeightViews& weights,
                             const LlamaNet& net) {
    Tokens tokens = kPrompt;
    tokens.insert(tokens.end(), answer.begin(), answer.end());
    const TokenTree tree = sequence(tokens);
    // Both must outlive the pass back.
    const TokenForest& forest = forests_.emplace_back(plant(std::span(&tree, 1), kVocabulary, 64));
    const TreePass& pass = passes_.emplace_back(make_tree_pass(net.impl(), forest));
    const std::vector<std::int64_t> last{static_cast<std::int64_t>(tokens.size()) - 1};
    const at::Tensor x = hidden_states(net.config(), weights, pass, last);
    return at::log_softmax(x.matmul(weights.head.t()), -1)[0];
  }

  // The objective's part of all answers that begin with `answer`, which has this probability:
  // reward at the end, and at each beginning b times its divergence.
  at::Tensor value_from(const Tokens& answer, const at::Tensor& probability, int depth) {
    if (has_ended(answer)) {
      answers.push_back(answer);
      probabilities.push_back(probability.item<double>());
      return probability * reward_of(answer);
    }
    const at::Tensor log_p = log_probs_after(answer, weights_, policy);
    const at::Tensor log_q = log_probs_after(answer, start_, start);
    const at::Tensor divergence = (log_p.exp() * (log_p - log_q)).sum();
    kl += (probability * divergence).item<double>();
    at::Tensor value = -kl_weight_ * probability * divergence;
    for (std::int32_t token = 0; token < kVocabulary; ++token) {
      Tokens next = answer;
      next.push_back(token);
      value = value + value_from(next, probability * log_p[token].exp(), depth + 1);
    }
    return value;
  }

  double kl_weight_;
  std::deque<TokenForest> forests_;
  std::deque<TreePass> passes_;
  WeightViews weights_, start_;
  GradientBuffer buffer_{policy};
};

double largest(const at::Tensor& x) { return x.abs().max().item<double>(); }

class PolicyEstimate : public testing::TestWithParam<double> {};

// Every ordered pair of answers, weighted by its probability, as one pair of a group of two.
TEST_P(PolicyEstimate, IsTheExactGradientInExpectationOverAllGroups) {
  World world(GetParam());
  ASSERT_EQ(world.answers.size(), 40u);  // 1 + 3 + 9 * 4
  at::Tensor mean = at::zeros_like(world.gradient);
  double kl = 0, weights = 0;
  for (std::size_t i = 0; i < world.answers.size(); ++i) {
    for (std::size_t j = i; j < world.answers.size(); ++j) {
      const double pairs = i == j ? 1 : 2;  // the order does not matter
      const double weight = pairs * world.probabilities[i] * world.probabilities[j];
      mean += world.estimate({world.group({i, j})}) * weight;
      kl += weight * world.kl_found;
      weights += weight;
    }
  }
  EXPECT_NEAR(weights, 1, 1e-5);
  EXPECT_NEAR(kl, world.kl, 1e-5 * std::max(1.0, world.kl));
  EXPECT_GT(world.kl, 0.05) << "without divergence its terms would prove nothing";
  EXPECT_GT(largest(world.gradient), 0.01);
  EXPECT_LT(largest(mean - world.gradient), 2e-5 * std::max(1.0, largest(world.gradient)));
}

// Groups of four as a sampler gives them: the mean of the estimates lies within its own standard
// errors of the exact gradient, along the gradient and along directions drawn at random.
TEST_P(PolicyEstimate, OfManySampledGroupsAveragesToTheExactGradient) {
  World world(GetParam());
  Random random(11, "groups");
  std::vector<at::Tensor> directions{world.gradient / world.gradient.norm()};
  at::manual_seed(5);
  for (int i = 0; i < 3; ++i) {
    const at::Tensor direction = at::randn_like(world.gradient);
    directions.push_back(direction / direction.norm());
  }
  constexpr int kGroups = 1500;
  std::vector<double> sums(directions.size(), 0), squares(directions.size(), 0);
  for (int g = 0; g < kGroups; ++g) {
    std::vector<std::size_t> chosen;
    for (int i = 0; i < 4; ++i) chosen.push_back(random.pick(world.probabilities));
    const at::Tensor estimate = world.estimate({world.group(chosen)});
    for (std::size_t d = 0; d < directions.size(); ++d) {
      const double along = (estimate * directions[d]).sum().item<double>();
      sums[d] += along;
      squares[d] += along * along;
    }
  }
  for (std::size_t d = 0; d < directions.size(); ++d) {
    const double mean = sums[d] / kGroups;
    const double error = std::sqrt((squares[d] / kGroups - mean * mean) / kGroups);
    const double exact = (world.gradient * directions[d]).sum().item<double>();
    EXPECT_LT(std::abs(mean - exact), 4 * error) << "direction " << d;
    if (d > 0) continue;
    EXPECT_GT(exact, 8 * error) << "too few groups to tell it from 0";
  }
}

INSTANTIATE_TEST_SUITE_P(KlWeights, PolicyEstimate, testing::Values(0.0, 0.4, 3.0),
                         [](const auto& info) {
                           return "Tenths" + std::to_string(static_cast<int>(info.param * 10));
                         });

// Rows without a network: the divergence at each token, and nothing else.
std::vector<PolicyRows> rows_of(const std::vector<std::vector<float>>& divergence) {
  std::vector<PolicyRows> out;
  for (const auto& answer : divergence) {
    out.push_back({std::vector<float>(answer.size(), -1.0f), answer,
                   std::vector<float>(answer.size(), 0.5f)});
  }
  return out;
}

AnswerGroup group_of(const std::vector<std::pair<std::size_t, double>>& lengths_and_rewards) {
  AnswerGroup out{{1}, {}};
  for (const auto& [length, reward] : lengths_and_rewards) {
    out.answers.push_back({Tokens(length, 2), std::vector<float>(length, -1.0f), reward});
  }
  return out;
}

TEST(GroupObjective, TakesTheDivergenceStillToComeAndNotThatOfTheTokenItself) {
  const AnswerGroup group = group_of({{3, 1.0}, {1, 0.0}});
  PolicyGradientOptions options;
  options.kl_weight = 10;
  GroupObjective objective(group, options, 0.5);
  const auto weights = objective.weigh(rows_of({{7, 2, 1}, {4}}));
  // To go: 3, 1, 0 against 0. Advantages 1 - 30, 1 - 10, 1; and -1 + 30.
  EXPECT_EQ(weights[0].score, (std::vector<float>{14.5f, 4.5f, -0.5f}));
  EXPECT_EQ(weights[1].score, (std::vector<float>{-14.5f}));
  EXPECT_EQ(weights[0].divergence, (std::vector<float>{5, 5, 5}));
  EXPECT_DOUBLE_EQ(objective.sums().kl, 14);
  EXPECT_DOUBLE_EQ(objective.sums().entropy, 2);
}

TEST(GroupObjective, DividesRewardsAndNotTheDivergence) {
  const AnswerGroup group = group_of({{1, 3.0}, {1, 1.0}, {1, 2.0}});
  PolicyGradientOptions options;
  options.kl_weight = 0;
  options.reward_scale = RewardScale::standardised;
  GroupObjective objective(group, options, 1);
  const auto weights = objective.weigh(rows_of({{0}, {0}, {0}}));
  EXPECT_NEAR(weights[0].score[0], -1.5, 1e-5);  // the deviation of 1, 2, 3 is 1
  EXPECT_NEAR(weights[1].score[0], 1.5, 1e-5);
  EXPECT_NEAR(weights[2].score[0], 0, 1e-5);
}

TEST(GroupObjective, RewardsThatDifferByRoundingAreEqual) {
  const AnswerGroup group = group_of({{1, 0.1 + 0.2}, {1, 0.3}});
  PolicyGradientOptions options;
  options.reward_scale = RewardScale::standardised;
  GroupObjective objective(group, options, 1);
  EXPECT_LT(std::abs(objective.weigh(rows_of({{0}, {0}}))[0].score[0]), 1e-6);
}

TEST(AnswerForest, ComputesWhatPromptsShareOnce) {
  const auto answers = group_of({{2, 0.0}, {3, 0.0}}).answers;
  const std::vector<AnswerGroup> groups{{{1, 2, 3, 4}, answers},
                                        {{1, 2}, answers},
                                        {{3}, answers},
                                        {{1, 2, 3, 5, 6}, answers},
                                        {{1, 2, 3, 4}, answers}};
  const std::vector<std::size_t> all{0, 1, 2, 3, 4};
  const AnswerForest planted = plant_answers(groups, all, tiny_config());
  // Prompts: 1 2 | 3 | 4, 5 6 below it, and 3 apart: seven tokens. Answers: five times five.
  EXPECT_EQ(planted.forest.tokens.size(), 7u + 25u);
  EXPECT_EQ(planted.forest.targets.size(), 25u);
  EXPECT_EQ(planted.order.size(), 10u);
  std::map<std::size_t, int> answers_of;
  for (const AnswerPlace& place : planted.order) {
    EXPECT_EQ(place.answer, static_cast<std::size_t>(answers_of[place.group]++));
  }
  EXPECT_EQ(answers_of.size(), 5u);
}

TEST(AnswerForest, ScoresAsSequencesAlone) {
  Random random(3, "forest");
  const LlamaNet net(tiny_config(), 4);
  std::vector<AnswerGroup> groups;
  const Tokens system = random_tokens(random, 5, 37);
  for (int g = 0; g < 4; ++g) {
    AnswerGroup& group = groups.emplace_back();
    group.prompt = system;
    for (int i = 0; i < g; ++i) group.prompt.push_back(i < 2 ? 7 : 8 + g);
    for (int i = 0; i < 2; ++i) group.answers.push_back({random_tokens(random, 3, 37), {}, 0});
  }
  const std::vector<std::size_t> all{0, 1, 2, 3};
  const AnswerForest planted = plant_answers(groups, all, net.config());
  const std::vector<float> together = net.log_probs(planted.forest);
  std::size_t at = 0;
  for (const AnswerPlace& place : planted.order) {
    TokenTree tree = shared_prefix(groups[place.group].prompt);
    const Tokens& answer = groups[place.group].answers[place.answer].tokens;
    add_branch(tree, answer, std::vector<float>(answer.size(), 1.0f));
    for (const float alone : net.log_probs(plant(std::span(&tree, 1), 37, 128))) {
      EXPECT_NEAR(together[at++], alone, 1e-5);
    }
  }
  EXPECT_EQ(at, together.size());
}

}  // namespace
}  // namespace iago
