#include "nn/llama_net.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/error.h"
#include "nn/gemm_rate.h"
#include "nn/torch/net.h"
#include "testing/nn/random_forest.h"

namespace iago {
namespace {

// A network whose weights are large enough that every part of it matters.
LlamaNet lively_net(bool qwen) {
  LlamaNet net(tiny_config(qwen), 7);
  std::vector<float> values = net.flat_parameters();
  Random random(11, "lively");
  for (float& value : values) value += static_cast<float>(0.15 * random.normal());
  net.set_flat_parameters(values);
  return net;
}

TokenForest plant_for(const LlamaNet& net, const std::vector<TokenTree>& trees) {
  return plant(trees, net.config().vocab_size, net.config().max_positions);
}

double loss_of(const LlamaNet& net, const TokenForest& forest) {
  const std::vector<float> log_p = net.log_probs(forest);
  double loss = 0;
  for (std::size_t i = 0; i < log_p.size(); ++i)
    loss -= double{forest.targets[i].weight} * log_p[i];
  return loss;
}

class LlamaNetOf : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Families, LlamaNetOf, testing::Values(false, true),
                         [](const auto& info) { return info.param ? "Qwen2" : "Llama"; });

TEST_P(LlamaNetOf, ComputesATreeAsItsSequences) {
  const LlamaNet net = lively_net(GetParam());
  Random random(1, "tree");
  const TokenTree tree = random_tree(random, 37);
  const TokenForest together = plant_for(net, {tree});
  const TokenForest apart = plant_for(net, unrolled(tree));
  EXPECT_LT(together.tokens.size(), apart.tokens.size());
  ASSERT_EQ(together.targets.size(), apart.targets.size());
  EXPECT_NEAR(loss_of(net, together), loss_of(net, apart), 1e-4);
}

TEST_P(LlamaNetOf, GivesATreeTheGradientOfItsSequences) {
  LlamaNet net = lively_net(GetParam());
  Random random(2, "tree");
  const TokenTree tree = random_tree(random, 37);
  GradientBuffer together(net), apart(net);
  together.accumulate(plant_for(net, {tree}), 0.1);
  apart.accumulate(plant_for(net, unrolled(tree)), 0.1);
  const at::Tensor difference = (together.gradient() - apart.gradient()).abs().max();
  EXPECT_LT(difference.item<double>(), 1e-5);
  EXPECT_GT(apart.gradient().abs().max().item<double>(), 1e-3);
}

TEST_P(LlamaNetOf, PredictsTheChangeOfTheLossByItsGradient) {
  LlamaNet net = lively_net(GetParam());
  Random random(3, "tree");
  const TokenForest forest = plant_for(net, {random_tree(random, 37), random_tree(random, 37)});
  GradientBuffer buffer(net);
  const double loss = buffer.accumulate(forest, 1.0);
  EXPECT_NEAR(loss, loss_of(net, forest), 1e-3);
  const at::Tensor gradient = buffer.gradient();
  const float* g = gradient.data_ptr<float>();
  const std::vector<float> start = net.flat_parameters();
  for (const NamedParameter& parameter : net.parameters()) {  // each one alone, along its gradient
    const std::int64_t begin = parameter.offset, end = begin + element_count(parameter);
    double square = 0;
    for (std::int64_t i = begin; i < end; ++i) square += double{g[i]} * g[i];
    ASSERT_GT(square, 0) << parameter.name;
    const double reach = 0.02 / std::sqrt(square);
    const auto loss_at = [&](double direction) {
      std::vector<float> moved = start;
      for (std::int64_t i = begin; i < end; ++i)
        moved[i] += static_cast<float>(direction * reach * g[i]);
      net.set_flat_parameters(moved);
      return loss_of(net, forest);
    };
    const double change = (loss_at(1) - loss_at(-1)) / (2 * reach);
    EXPECT_NEAR(change / square, 1, 0.03) << parameter.name;
    net.set_flat_parameters(start);
  }
}

TEST_P(LlamaNetOf, AddsGradientsUpToThoseOfAllTogether) {
  LlamaNet net = lively_net(GetParam());
  Random random(4, "trees");
  const TokenTree a = random_tree(random, 37), b = random_tree(random, 37);
  GradientBuffer one_by_one(net), together(net);
  one_by_one.accumulate(plant_for(net, {a}), 1.0);
  one_by_one.accumulate(plant_for(net, {b}), 1.0);
  together.accumulate(plant_for(net, {a, b}), 1.0);
  EXPECT_LT((one_by_one.gradient() - together.gradient()).abs().max().item<double>(), 1e-4);
}

TEST_P(LlamaNetOf, ComesBackFromItsFolder) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "llama_net_test" /
                      (GetParam() ? "qwen2" : "llama");
  std::filesystem::remove_all(folder);
  const LlamaNet net = lively_net(GetParam());
  net.save(folder);
  const LlamaNet again = LlamaNet::load(folder);
  EXPECT_EQ(net.flat_parameters(), again.flat_parameters());
  EXPECT_EQ(net.config(), again.config());
  net.save(folder, DType::float16);
  const std::vector<float> rounded = LlamaNet::load(folder).flat_parameters();
  const std::vector<float> values = net.flat_parameters();
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_NEAR(rounded[i], values[i], 1e-3 * std::abs(values[i]) + 1e-6);
  }
}

TEST(LlamaNet, StartsWithTheStatedDeviations) {
  LlamaConfig config = tiny_config();
  config.vocab_size = 500;
  const LlamaNet net(config, 1);
  const std::vector<float> values = net.flat_parameters();
  const auto deviation = [&](const std::string& name) {
    for (const NamedParameter& p : net.parameters()) {
      if (p.name != name) continue;
      double square = 0;
      const std::int64_t count = element_count(p);
      for (std::int64_t i = 0; i < count; ++i) square += std::pow(values[p.offset + i], 2);
      return std::sqrt(square / count);
    }
    return -1.0;
  };
  // Relative to 1 / sqrt(inputs), halved by sqrt(2 * 2 layers) where a matrix writes the residual.
  const auto scaled = [&](const std::string& name, std::int64_t inputs) {
    return deviation(name) * std::sqrt(static_cast<double>(inputs));
  };
  EXPECT_NEAR(scaled("model.embed_tokens.weight", config.hidden_size), 1.0, 0.05);
  EXPECT_NEAR(scaled("model.layers.1.self_attn.o_proj.weight", config.query_width()), 0.5, 0.05);
  EXPECT_NEAR(scaled("model.layers.1.mlp.down_proj.weight", config.intermediate_size), 0.5, 0.05);
  EXPECT_EQ(deviation("model.layers.0.input_layernorm.weight"), 1);
}

TEST(LlamaNet, RefusesParametersThatAreNotFinite) {
  LlamaNet net(tiny_config(), 1);
  std::vector<float> values = net.flat_parameters();
  values[5] = std::nanf("");
  EXPECT_THROW(net.set_flat_parameters(values), Error);
  values.pop_back();
  EXPECT_THROW(net.set_flat_parameters(values), Error);
}

TEST(GemmRate, WarnsOnlyBelowTwentyAndNamesTheLibrary) {
  EXPECT_EQ(gemm_warning(21), "");
  EXPECT_NE(gemm_warning(4.7).find(gemm_library()), std::string::npos);
}

}  // namespace
}  // namespace iago
