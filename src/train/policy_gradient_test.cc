// Against what others wrote: plain PyTorch and peft (testdata/make_policy_goldens.py). Against all
// sequences of a tiny vocabulary: objective_test.cc. Here: the class itself as well.
#include "train/policy_gradient.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "lm/safetensors.h"
#include "testing/base/temp_folder.h"
#include "testing/nn/random_forest.h"
#include "train/internal/core.h"
#include "train/internal/policy_pass.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::vector<AnswerGroup> groups_of(const Json& json) {
  std::vector<AnswerGroup> out;
  for (const Json& group : json) {
    AnswerGroup& one = out.emplace_back();
    group["prompt"].get_to(one.prompt);
    for (const Json& answer : group["answers"]) {
      one.answers.push_back({answer["tokens"].get<std::vector<std::int32_t>>(),
                             answer["log_probs"].get<std::vector<float>>(),
                             answer["reward"].get<double>()});
    }
  }
  return out;
}

PolicyGradientOptions options_of(const Json& json) {
  PolicyGradientOptions options;
  options.steps = 10;
  options.workers = 1;
  options.kl_weight = json["kl_weight"];
  options.schedule.peak = json["learning_rate"];
  options.clip_norm = json["clip_norm"];
  options.adamw = {json["beta1"], json["beta2"], json["epsilon"], json["weight_decay"]};
  if (json["standardised"].get<bool>()) options.reward_scale = RewardScale::standardised;
  const double range = json["clip_range"];
  if (range > 0) options.clipping = {json["passes"].get<int>(), range};
  return options;
}

// A folder of policy/.
struct GoldenCase {
  explicit GoldenCase(const std::string& name)
      : folder(fs::path(IAGO_SOURCE_DIR) / "src/train/testdata/policy" / name),
        json(parse_json(read_file(folder / "case.json", 1 << 20), name)),
        expected(Safetensors::open(folder / "expected.safetensors")),
        net(LlamaNet::load(folder)),
        options(options_of(json["options"])) {}

  // The largest difference from the golden, as a share of the golden's largest number.
  double difference(const std::string& name, const float* found) const {
    const std::vector<float> wanted = expected.read(name);
    double worst = 0, largest = 1e-3;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      worst = std::max(worst, std::abs(double{wanted[i]} - found[i]));
      largest = std::max(largest, std::abs(double{wanted[i]}));
    }
    return worst / largest;
  }

  fs::path folder;
  Json json;
  Safetensors expected;
  LlamaNet net;
  PolicyGradientOptions options;
};

// The trained gradient of one batch, with `start` as the starting policy.
std::vector<float> gradient_of(LlamaNet& policy, const LlamaNet& start,
                               const std::vector<AnswerGroup>& groups,
                               const PolicyGradientOptions& options,
                               const std::optional<LoraAdapter>& adapter = {}) {
  TrainingCore core(policy, {.workers = 1}, adapter);
  auto objectives = objectives_of(groups, options);
  std::vector<std::size_t> lengths(groups.size(), 1);
  const WeightViews views = view_weights(start.impl().flat, start.config());
  core.accumulate(lengths, [&](int, GradientBuffer& gradient, std::span<const std::size_t> chosen) {
    accumulate_groups(groups, chosen, policy.config(), views, objectives, gradient);
  });
  core.sum_gradients();
  return core.gradient();
}

class PolicyGolden : public testing::TestWithParam<const char*> {};

TEST_P(PolicyGolden, TenStepsEndInTheWeightsOfPyTorch) {
  GoldenCase golden(GetParam());
  const std::vector<float> before = golden.net.flat_parameters();
  PolicyGradient training(golden.net, golden.options);
  for (const Json& batch : golden.json["batches"]) training.update(groups_of(batch));
  const std::vector<float> after = golden.net.flat_parameters();
  double moved = 0;
  for (std::size_t i = 0; i < after.size(); ++i) {
    moved = std::max(moved, std::abs(double{after[i]} - before[i]));
  }
  EXPECT_GT(moved, 0.03) << "weights that stay where they were would prove nothing";
  for (const NamedParameter& parameter : golden.net.parameters()) {
    EXPECT_LT(golden.difference("weights." + parameter.name, after.data() + parameter.offset), 1e-4)
        << parameter.name;
  }
}

TEST_P(PolicyGolden, TheGradientOfEveryParameterIsThatOfPyTorch) {
  GoldenCase golden(GetParam());
  LlamaNet policy = golden.net.clone();
  std::vector<float> flat(policy.flat_parameters().size());
  for (const NamedParameter& parameter : policy.parameters()) {
    const std::vector<float> values = golden.expected.read("weights." + parameter.name);
    std::copy(values.begin(), values.end(), flat.begin() + parameter.offset);
  }
  policy.set_flat_parameters(flat);
  const auto gradient =
      gradient_of(policy, golden.net, groups_of(golden.json["left"]), golden.options);
  for (const NamedParameter& parameter : policy.parameters()) {
    EXPECT_LT(golden.difference("gradient." + parameter.name, gradient.data() + parameter.offset),
              1e-4)
        << parameter.name;
  }
}

INSTANTIATE_TEST_SUITE_P(PyTorch, PolicyGolden,
                         testing::Values("plain", "standardised", "clipped", "tied"),
                         [](const auto& info) { return std::string(info.param); });

// peft's names of the two matrices of a pair.
std::string peft_name(const LoraPair& pair, char matrix) {
  return "base_model.model." + pair.module + ".lora_" + matrix + ".weight";
}

TEST(PolicyGradientLora, TenStepsEndInTheAdapterOfPeft) {
  GoldenCase golden("lora");
  golden.options.adapter = read_lora(golden.folder / "adapter", golden.net.config());
  PolicyGradient training(golden.net, golden.options);
  for (const Json& batch : golden.json["batches"]) training.update(groups_of(batch));
  const LoraAdapter after = training.adapter();
  ASSERT_EQ(after.pairs.size(), 11u);
  for (const LoraPair& pair : after.pairs) {
    EXPECT_LT(golden.difference("weights." + peft_name(pair, 'A'), pair.a.data()), 1e-4)
        << pair.module;
    EXPECT_LT(golden.difference("weights." + peft_name(pair, 'B'), pair.b.data()), 1e-4)
        << pair.module;
  }
  const std::vector<float> merged = golden.net.flat_parameters();
  // What is written opens as the network that was trained, to the bit.
  const fs::path written = fs::path(testing::TempDir()) / "policy_gradient_lora";
  write_lora(after, written, "lora");
  EXPECT_EQ(LlamaNet::load(golden.folder, Device::cpu, written).flat_parameters(), merged);
  for (const NamedParameter& parameter : golden.net.parameters()) {
    EXPECT_LT(golden.difference("merged." + parameter.name, merged.data() + parameter.offset), 1e-4)
        << parameter.name;
  }
}

TEST(PolicyGradientLora, TheGradientOfBothMatricesIsThatOfPeft) {
  GoldenCase golden("lora");
  const LlamaNet start = golden.net.clone();
  const LoraAdapter trained = read_lora(golden.folder / "trained", start.config());
  const auto gradient =
      gradient_of(golden.net, start, groups_of(golden.json["left"]), golden.options, trained);
  std::size_t at = 0;
  for (const LoraPair& pair : trained.pairs) {
    EXPECT_LT(golden.difference("gradient." + peft_name(pair, 'A'), gradient.data() + at), 1e-4)
        << pair.module;
    at += pair.a.size();
    EXPECT_LT(golden.difference("gradient." + peft_name(pair, 'B'), gradient.data() + at), 1e-4)
        << pair.module;
    at += pair.b.size();
  }
  EXPECT_EQ(at, gradient.size());
}

// Random answers with the log-probabilities that `policy` gives them.
std::vector<AnswerGroup> random_groups(const LlamaNet& policy, int step) {
  Random random(4, "groups " + std::to_string(step));
  const std::int64_t vocab = policy.config().vocab_size;
  std::vector<AnswerGroup> groups(4);
  const auto system = random_tokens(random, 9, vocab);
  for (AnswerGroup& group : groups) {
    group.prompt = system;
    const auto query = random_tokens(random, 1 + random.below(5), vocab);
    group.prompt.insert(group.prompt.end(), query.begin(), query.end());
    for (int i = 0; i < 3; ++i) {
      SampledAnswer answer{random_tokens(random, 2 + random.below(6), vocab), {}, random.uniform()};
      TokenTree tree = shared_prefix(group.prompt);
      add_branch(tree, answer.tokens, std::vector<float>(answer.tokens.size(), 1.0f));
      answer.log_probs =
          policy.log_probs(plant(std::span(&tree, 1), vocab, policy.config().max_positions));
      group.answers.push_back(std::move(answer));
    }
  }
  return groups;
}

PolicyGradientOptions small_policy_options() {
  PolicyGradientOptions options;
  options.steps = 6;
  options.schedule.peak = 1e-2;
  options.workers = 1;
  return options;
}

class PolicyGradientTest : public testing::Test {
 protected:
  LlamaNet net() { return LlamaNet(tiny_config(), 1); }

  std::vector<float> trained(const PolicyGradientOptions& options) {
    LlamaNet policy = net();
    PolicyGradient training(policy, options);
    for (int step = 0; step < 6; ++step) training.update(random_groups(policy, step));
    return policy.flat_parameters();
  }

  // The same, with a new process after every second update.
  std::vector<float> resumed(const PolicyGradientOptions& options) {
    const fs::path file = folder_ / "state";
    fs::remove(file);
    std::vector<float> last;
    for (int round = 0; round < 3; ++round) {
      LlamaNet policy = net();
      PolicyGradient training(policy, options);
      EXPECT_EQ(training.restore(file), round > 0);
      EXPECT_EQ(training.step(), 2 * round);
      for (int i = 0; i < 2; ++i) {
        training.update(random_groups(policy, static_cast<int>(training.step())));
      }
      training.save(file);
      last = policy.flat_parameters();
    }
    return last;
  }

  void expect_invalid(const std::function<void()>& work, const std::string& words) {
    try {
      work();
      ADD_FAILURE() << "expected an error with " << words;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid) << error.what();
      EXPECT_THAT(error.what(), HasSubstr(words));
    }
  }

  TempFolder folder_;
};

TEST_F(PolicyGradientTest, EndsInTheSameBitsWhetherInterruptedOrNot) {
  PolicyGradientOptions options = small_policy_options();
  EXPECT_EQ(resumed(options), trained(options));
  options.clipping = ImportanceClipping{3, 0.1};
  options.reward_scale = RewardScale::standardised;
  EXPECT_EQ(resumed(options), trained(options));
  options.adapter = fresh_lora(tiny_config(), {.rank = 2}, 1);
  EXPECT_EQ(resumed(options), trained(options));
}

TEST_F(PolicyGradientTest, IsTheSameUpToRoundingForAnyWorkersAndMicroBatches) {
  PolicyGradientOptions options = small_policy_options();
  options.schedule.peak = 1e-3;
  const std::vector<float> one = trained(options);
  for (const auto& [workers, tokens] : {std::pair{2, 2048}, {3, 1}, {1, 1}, {1, 80}}) {
    options.workers = workers;
    options.micro_batch_tokens = tokens;
    const std::vector<float> other = trained(options);
    double worst = 0;
    for (std::size_t i = 0; i < one.size(); ++i) {
      worst = std::max(worst, std::abs(double{one[i]} - other[i]));
    }
    EXPECT_LT(worst, 2e-4) << workers << " workers, " << tokens << " tokens";
  }
}

TEST_F(PolicyGradientTest, TellsWhatWasBeforeTheUpdate) {
  LlamaNet policy = net();
  PolicyGradientOptions options = small_policy_options();
  PolicyGradient training(policy, options);
  const std::vector<AnswerGroup> groups = random_groups(policy, 0);
  double reward = 0;
  std::int64_t tokens = 0;
  for (const AnswerGroup& group : groups) {
    for (const SampledAnswer& answer : group.answers) {
      reward += answer.reward / 12;
      tokens += static_cast<std::int64_t>(answer.tokens.size());
    }
  }
  const PolicyUpdate first = training.update(groups);
  EXPECT_EQ(first.step, 1);
  EXPECT_EQ(first.answers, 12);
  EXPECT_EQ(first.answer_tokens, tokens);
  EXPECT_NEAR(first.reward_mean, reward, 1e-9);
  EXPECT_EQ(first.kl, 0) << "the policy is still the one that it started as";
  EXPECT_GT(first.entropy, 1);
  EXPECT_LT(first.entropy, std::log(37.0));
  EXPECT_LT(first.log_prob_difference, 1e-4);
  EXPECT_GT(first.gradient_norm, 0);
  EXPECT_EQ(first.clipped_share, 0);
  EXPECT_DOUBLE_EQ(first.learning_rate, 1e-2);
  const PolicyUpdate second = training.update(random_groups(policy, 1));
  EXPECT_GT(second.kl, 1e-4);
  EXPECT_LT(second.log_prob_difference, 1e-4);
}

TEST_F(PolicyGradientTest, ShowsStaleWeightsOfTheSampler) {
  LlamaNet policy = net();
  const LlamaNet stale = policy.clone();
  PolicyGradient training(policy, small_policy_options());
  training.update(random_groups(stale, 0));
  EXPECT_GT(training.update(random_groups(stale, 1)).log_prob_difference, 0.01);
}

TEST_F(PolicyGradientTest, CountsWhatIsClipped) {
  LlamaNet policy = net();
  PolicyGradientOptions options = small_policy_options();
  options.clipping = ImportanceClipping{1, 0.2};
  std::vector<AnswerGroup> groups = random_groups(policy, 0);
  EXPECT_EQ(PolicyGradient(policy, options).update(groups).clipped_share, 0);
  // Sampled as if by a policy under which every token was half as probable.
  LlamaNet again = net();
  for (AnswerGroup& group : groups) {
    for (SampledAnswer& answer : group.answers) {
      answer.reward = &answer == &group.answers[0] ? 1 : 0;
      for (float& p : answer.log_probs) p -= std::log(2.0f);
    }
  }
  const PolicyUpdate update = PolicyGradient(again, options).update(groups);
  std::int64_t better = 0;
  for (const AnswerGroup& group : groups) {
    better += static_cast<std::int64_t>(group.answers[0].tokens.size());
  }
  EXPECT_NEAR(update.clipped_share,
              static_cast<double>(better) / static_cast<double>(update.answer_tokens), 1e-12);
}

TEST_F(PolicyGradientTest, EqualRewardsLeaveThePolicyWhereItStarted) {
  LlamaNet policy = net();
  const std::vector<float> before = policy.flat_parameters();
  PolicyGradient training(policy, small_policy_options());
  std::vector<AnswerGroup> groups = random_groups(policy, 0);
  for (AnswerGroup& group : groups) {
    for (SampledAnswer& answer : group.answers) answer.reward = 0.75;
  }
  EXPECT_EQ(training.update(groups).gradient_norm, 0);
  EXPECT_EQ(policy.flat_parameters(), before);
}

TEST_F(PolicyGradientTest, RaisesTheRewardOfABandit) {
  LlamaNet policy = net();
  PolicyGradientOptions options = small_policy_options();
  options.steps = 40;
  options.kl_weight = 0.05;
  PolicyGradient training(policy, options);
  const std::vector<std::int32_t> prompt{1, 2, 3};
  const auto probability = [&] {
    const TokenTree tree = sequence({1, 2, 3, 9}, {0, 0, 0, 1});
    return std::exp(policy.log_probs(plant(std::span(&tree, 1), 37, 128))[0]);
  };
  const double before = probability();
  Random random(7, "bandit");
  for (int step = 0; step < 40; ++step) {
    const TokenTree tree = sequence(prompt);
    std::vector<float> logits = policy.logits(plant(std::span(&tree, 1), 37, 128));
    std::vector<double> weights;
    for (auto at = logits.end() - 37; at != logits.end(); ++at) weights.push_back(std::exp(*at));
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    AnswerGroup group{prompt, {}};
    for (int i = 0; i < 32; ++i) {
      const auto token = static_cast<std::int32_t>(random.pick(weights));
      group.answers.push_back(
          {{token}, {static_cast<float>(std::log(weights[token] / sum))}, token == 9 ? 1.0 : 0.0});
    }
    EXPECT_LT(training.update(std::span(&group, 1)).log_prob_difference, 1e-4);
  }
  EXPECT_LT(before, 0.2);
  EXPECT_GT(probability(), 0.9);
}

TEST_F(PolicyGradientTest, RefusesAStateOfOtherOptionsOrAnotherStart) {
  const fs::path file = folder_ / "state";
  LlamaNet policy = net();
  PolicyGradientOptions options = small_policy_options();
  PolicyGradient(policy, options).save(file);
  options.kl_weight = 0.5;
  expect_invalid([&] { PolicyGradient(policy, options).restore(file); }, "other options or data");
  options = small_policy_options();
  LlamaNet other(tiny_config(), 2);
  expect_invalid([&] { PolicyGradient(other, options).restore(file); }, "another policy");
  write_file(file, read_file(file, 1 << 24).substr(0, 3000));
  try {
    PolicyGradient(policy, options).restore(file);
    ADD_FAILURE() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::corrupt);
    EXPECT_THAT(error.what(), HasSubstr(file.string()));
  }
}

TEST_F(PolicyGradientTest, NamesTheOptionThatMakesNoSense) {
  LlamaNet policy = net();
  const auto refused = [&](const std::function<void(PolicyGradientOptions&)>& change,
                           const std::string& field) {
    PolicyGradientOptions options = small_policy_options();
    change(options);
    expect_invalid([&] { PolicyGradient(policy, options); }, field);
  };
  refused([](auto& o) { o.steps = 0; }, "steps");
  refused([](auto& o) { o.kl_weight = -1; }, "kl_weight");
  refused([](auto& o) { o.kl_weight = std::nan(""); }, "kl_weight");
  refused([](auto& o) { o.clipping = ImportanceClipping{0, 0.2}; }, "clipping.passes");
  refused([](auto& o) { o.clipping = ImportanceClipping{2, 1.0}; }, "clipping.range");
  refused([](auto& o) { o.schedule.peak = -1; }, "schedule.peak");
  refused([](auto& o) { o.adamw.beta2 = 1; }, "adamw.beta2");
  refused([](auto& o) { o.micro_batch_tokens = 0; }, "micro_batch_tokens");
  LoraAdapter alien = fresh_lora(tiny_config(), LoraOptions{.rank = 2}, 1);
  alien.pairs[0].outputs = 5;
  refused([&](PolicyGradientOptions& o) { o.adapter = alien; }, "q_proj");
}

TEST_F(PolicyGradientTest, NamesTheGroupAndAnswerThatIsNone) {
  LlamaNet policy = net();
  PolicyGradient training(policy, small_policy_options());
  const std::vector<float> before = policy.flat_parameters();
  const auto refused = [&](const std::function<void(AnswerGroup&)>& change,
                           const std::string& words) {
    std::vector<AnswerGroup> groups = random_groups(policy, 0);
    change(groups[2]);
    expect_invalid([&] { training.update(groups); }, "group 2: " + words);
  };
  refused([](auto& g) { g.prompt.clear(); }, "the prompt has no tokens");
  refused([](auto& g) { g.prompt[1] = 37; }, "the prompt: token 37 is outside");
  refused([](auto& g) { g.answers.resize(1); }, "found 1 answers, expected at least two");
  refused([](auto& g) { g.answers[1].tokens.clear(); }, "answer 1 has no tokens");
  refused([](auto& g) { g.answers[1].tokens[0] = -1; }, "answer 1: token -1 is outside");
  refused([](auto& g) { g.answers[1].log_probs.pop_back(); }, "answer 1: ");
  refused([](auto& g) { g.answers[1].log_probs[0] = -INFINITY; }, "answer 1: a log-probability");
  refused([](auto& g) { g.answers[1].reward = NAN; }, "answer 1: the reward is nan");
  refused(
      [](auto& g) {
        g.answers[1].tokens.assign(130 - g.prompt.size(), 3);
        g.answers[1].log_probs.assign(130 - g.prompt.size(), -1.0f);
      },
      "answer 1: prompt and answer have 130 tokens, but the context is 128");
  expect_invalid([&] { training.update({}); }, "at least one group");
  EXPECT_EQ(policy.flat_parameters(), before);
}

TEST_F(PolicyGradientTest, SaysAtWhichUpdateItDivergedAndKeepsTheWeights) {
  LlamaNet policy = net();
  const std::vector<float> before = policy.flat_parameters();
  PolicyGradient training(policy, small_policy_options());
  std::vector<AnswerGroup> groups = random_groups(policy, 0);
  groups[0].answers[0].reward = 1e300;
  expect_invalid([&] { training.update(groups); }, "update 0 of 6");
  EXPECT_EQ(policy.flat_parameters(), before);
  EXPECT_EQ(training.step(), 0);
}

}  // namespace
}  // namespace iago
