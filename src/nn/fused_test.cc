// The fused operations against LibTorch's own, values and gradients.
#include "nn/internal/fused.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "testing/nn/random_forest.h"

namespace iago {
namespace {

using Inputs = std::vector<at::Tensor>;
using Operation = std::function<at::Tensor(const Inputs&)>;

// Runs an operation on fresh leaves and returns its value and its gradients for a fixed random
// direction of the output.
Inputs value_and_gradients(const Operation& operation, const Inputs& inputs,
                           const at::Tensor& push) {
  Inputs leaves;
  for (const at::Tensor& input : inputs) {
    leaves.push_back(input.clone().set_requires_grad(input.numel() > 0));
  }
  const at::Tensor value = operation(leaves);
  (value * push).sum().backward();
  Inputs out{value.detach()};
  for (const at::Tensor& leaf : leaves) {
    if (leaf.numel() > 0) out.push_back(leaf.grad().clone());
  }
  return out;
}

void expect_same(const Operation& fused, const Operation& composite, const Inputs& inputs) {
  const at::Tensor push = at::randn_like(composite(inputs));
  const Inputs a = value_and_gradients(fused, inputs, push);
  const Inputs b = value_and_gradients(composite, inputs, push);
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(a[i].sizes(), b[i].sizes()) << "tensor " << i;
    const double scale = 1 + b[i].abs().max().item<double>();
    EXPECT_LT((a[i] - b[i]).abs().max().item<double>(), 1e-5 * scale) << "tensor " << i;
  }
}

class Fused : public testing::Test {
 protected:
  void SetUp() override { at::manual_seed(3); }

  TokenForest forest() {
    Random random(5, "forest");
    std::vector<TokenTree> trees;
    for (int i = 0; i < 3; ++i) trees.push_back(random_tree(random, 37));
    trees.push_back(sequence(random_tokens(random, 100, 37)));  // longer than a block of attention
    return plant(trees, 37, 128);
  }
};

TEST_F(Fused, RmsNormIsTheComposite) {
  expect_same([](const Inputs& in) { return fused::rms_norm(in[0], in[1], 1e-5); },
              [](const Inputs& in) { return composite::rms_norm(in[0], in[1], 1e-5); },
              {at::randn({7, 24}), at::randn({24})});
}

TEST_F(Fused, AddRmsNormIsTheComposite) {
  const auto both = [](const at::Tensor& sum, const at::Tensor& normed) {
    return at::cat({sum, normed});
  };
  expect_same(
      [&](const Inputs& in) {
        const auto [sum, normed] = fused::add_rms_norm(in[0], in[1], in[2], 1e-5);
        return both(sum, normed);
      },
      [&](const Inputs& in) {
        return both(in[0] + in[1], composite::rms_norm(in[0] + in[1], in[2], 1e-5));
      },
      {at::randn({7, 24}), at::randn({7, 24}), at::randn({24})});
}

TEST_F(Fused, AddRmsNormWorksWhenOnlyTheNormIsUsed) {
  expect_same(
      [&](const Inputs& in) { return fused::add_rms_norm(in[0], in[1], in[2], 1e-5).second; },
      [&](const Inputs& in) { return composite::rms_norm(in[0] + in[1], in[2], 1e-5); },
      {at::randn({7, 24}), at::randn({7, 24}), at::randn({24})});
}

TEST_F(Fused, GatherRowsAddsGradientsOfRepeatedRows) {
  const std::vector<std::int64_t> index{2, 0, 2, 2, 4};
  expect_same([&](const Inputs& in) { return fused::gather_rows(in[0], index); },
              [&](const Inputs& in) { return composite::gather_rows(in[0], index); },
              {at::randn({5, 8})});
}

TEST_F(Fused, MlpIsTheComposite) {
  expect_same([](const Inputs& in) { return fused::mlp(in[0], in[1], in[2]); },
              [](const Inputs& in) { return composite::mlp(in[0], in[1], in[2]); },
              {at::randn({9, 24}), at::randn({80, 24}), at::randn({24, 40})});
}

TEST_F(Fused, MlpStaysFiniteForLargeInputs) {
  expect_same([](const Inputs& in) { return fused::mlp(in[0], in[1], in[2]); },
              [](const Inputs& in) { return composite::mlp(in[0], in[1], in[2]); },
              {at::randn({9, 24}) * 50, at::randn({80, 24}), at::randn({24, 40})});
}

TEST_F(Fused, AttentionOverTreesIsDenseAttentionUnderAMask) {
  const TokenForest planted = forest();
  const TreePass pass(planted, {.heads = 4, .kv_heads = 2, .head_width = 8}, {1, 0.3, 0.1, 0.01});
  const Inputs inputs{at::randn({pass.rows(), 24}), at::randn({64, 24}), at::randn({64}),
                      at::randn({24, 32})};
  expect_same(
      [&](const Inputs& in) {
        return fused::attention(in[0], {in[1], in[2], in[3]}, pass);
      },
      [&](const Inputs& in) {
        return composite::attention(in[0], {in[1], in[2], in[3]}, pass);
      },
      inputs);
}

TEST_F(Fused, AttentionWorksWithoutBiases) {
  const TokenForest planted = forest();
  const TreePass pass(planted, {.heads = 2, .kv_heads = 2, .head_width = 4}, {1, 0.1});
  const Inputs inputs{at::randn({pass.rows(), 24}), at::randn({24, 24}), at::empty({0}),
                      at::randn({24, 8})};
  expect_same(
      [&](const Inputs& in) {
        return fused::attention(in[0], {in[1], in[2], in[3]}, pass);
      },
      [&](const Inputs& in) {
        return composite::attention(in[0], {in[1], in[2], in[3]}, pass);
      },
      inputs);
}

TEST_F(Fused, CrossEntropyIsTheCompositeOverSeveralChunks) {
  std::vector<TokenForest::Target> targets;
  Random random(1, "targets");
  for (int i = 0; i < 600; ++i) {
    targets.push_back(
        {i, static_cast<std::int32_t>(random.below(37)), static_cast<float>(random.uniform())});
  }
  double fused_sum = 0, composite_sum = 0;
  expect_same(
      [&](const Inputs& in) {
        return fused::cross_entropy(in[0], in[1], targets, 0.01, &fused_sum);
      },
      [&](const Inputs& in) {
        return composite::cross_entropy(in[0], in[1], targets, 0.01, &composite_sum);
      },
      {at::randn({600, 24}), at::randn({37, 24})});
  EXPECT_NEAR(fused_sum, composite_sum, 1e-3 * composite_sum);
}

// Some more rows than have their logits at a time, with random heads.
struct PolicyCase {
  explicit PolicyCase(std::int64_t rows = 300) {
    Random random(6, "targets");
    for (std::int64_t r = 0; r < rows; ++r) {
      targets.push_back({r, static_cast<std::int32_t>(random.below(37)), 1.0f});
      weights.score.push_back(static_cast<float>(random.normal()));
      weights.divergence.push_back(static_cast<float>(random.uniform()));
    }
    heads = {at::randn({rows, 24}), at::randn({37, 24}) * 0.3, at::randn({rows, 24}),
             at::randn({37, 24}) * 0.3, targets};
  }
  std::vector<TokenForest::Target> targets;
  PolicyWeights weights;
  PolicyHeads heads;
};

void expect_rows(const std::vector<float>& found, const at::Tensor& expected) {
  ASSERT_EQ(static_cast<std::int64_t>(found.size()), expected.numel());
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_NEAR(found[i], expected[static_cast<std::int64_t>(i)].item<float>(), 1e-5) << i;
  }
}

// Differentiated by LibTorch; the closed forms of both halves are held to it.
TEST_F(Fused, PolicyRowsAndTheirGradientAreLibtorchs) {
  const PolicyCase c;
  const at::Tensor x = c.heads.x.clone().set_requires_grad(true);
  const at::Tensor head = c.heads.head.clone().set_requires_grad(true);
  const at::Tensor log_p = at::log_softmax(x.matmul(head.t()), -1);
  const at::Tensor log_q =
      at::log_softmax(c.heads.reference_x.matmul(c.heads.reference_head.t()), -1);
  const at::Tensor divergence = (log_p.exp() * (log_p - log_q)).sum(-1);
  const at::Tensor entropy = -(log_p.exp() * log_p).sum(-1);
  at::Tensor chosen = at::empty({300, 1}, at::kLong), score = at::empty({300}),
             pull = at::empty({300});
  for (std::int64_t r = 0; r < 300; ++r) {
    chosen[r][0] = c.targets[static_cast<std::size_t>(r)].token;
    score[r] = c.weights.score[static_cast<std::size_t>(r)];
    pull[r] = c.weights.divergence[static_cast<std::size_t>(r)];
  }
  const at::Tensor own = log_p.gather(1, chosen).squeeze(1);
  (own * score + divergence * pull).sum().backward();

  using Rows = PolicyRows (*)(const PolicyHeads&);
  using Gradient = at::Tensor (*)(const PolicyHeads&, const PolicyWeights&, at::Tensor);
  for (const auto& [rows, gradient] :
       {std::pair<Rows, Gradient>{fused::policy_rows, fused::policy_gradient},
        {composite::policy_rows, composite::policy_gradient}}) {
    const PolicyRows found = rows(c.heads);
    expect_rows(found.log_p, own);
    expect_rows(found.divergence, divergence);
    expect_rows(found.entropy, entropy);
    at::Tensor d_head = at::ones_like(head);  // what is there already stays
    const at::Tensor dx = gradient(c.heads, c.weights, d_head);
    EXPECT_LT((dx - x.grad()).abs().max().item<double>(), 2e-5);
    EXPECT_LT((d_head - 1 - head.grad()).abs().max().item<double>(), 2e-4);
  }
}

TEST_F(Fused, APolicyDoesNotDivergeFromItself) {
  PolicyCase c;
  c.heads.reference_x = c.heads.x;
  c.heads.reference_head = c.heads.head;
  for (float& score : c.weights.score) score = 0;
  for (const float found : fused::policy_rows(c.heads).divergence) EXPECT_EQ(found, 0);
  at::Tensor d_head = at::zeros({37, 24});
  EXPECT_EQ(fused::policy_gradient(c.heads, c.weights, d_head).abs().max().item<float>(), 0);
  EXPECT_EQ(d_head.abs().max().item<float>(), 0);
}

}  // namespace
}  // namespace iago
