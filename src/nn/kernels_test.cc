// The loops at every level that this processor offers, beside those of the baseline. What they
// compute is held to LibTorch in fused_test.cc, at the processor's own level.
#include "nn/internal/kernels.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.h"

namespace iago {
namespace {

constexpr std::int64_t kRows = 3, kWidth = 75;  // no multiple of a vector's length

using Floats = std::vector<float>;

Floats numbers(std::int64_t n, std::string_view name) {
  Random random(1, name);
  Floats values(static_cast<std::size_t>(n));
  for (float& value : values) value = static_cast<float>(4 * random.uniform() - 2);
  return values;
}

void expect_near(const Floats& found, const Floats& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-4) << i;
}

class NetKernelsTest : public testing::TestWithParam<ProcessorLevel> {
 protected:
  void SetUp() override {
    if (GetParam() > processor_level()) GTEST_SKIP() << "not offered by this processor";
  }
  // What `compute` returns with the loops of the level and with the baseline's.
  template <typename Compute>
  void expect_as_baseline(Compute compute) {
    expect_near(compute(net_kernels(GetParam())), compute(net_kernels(ProcessorLevel::baseline)));
  }
};

TEST_P(NetKernelsTest, NormaliseAlike) {
  expect_as_baseline([](const NetKernels& k) {
    const Floats x = numbers(kRows * kWidth, "x"), delta = numbers(kRows * kWidth, "delta");
    const Floats w = numbers(kWidth, "w");
    Floats out(2 * x.size() + kRows);
    k.rms_norm(x.data(), delta.data(), w.data(), 1e-5f, kRows, kWidth, out.data(),
               out.data() + x.size(), out.data() + 2 * x.size());
    return out;
  });
  expect_as_baseline([](const NetKernels& k) {
    const Floats x = numbers(kRows * kWidth, "x"), dy = numbers(kRows * kWidth, "dy");
    const Floats w = numbers(kWidth, "w"), inverse_rms = {0.7f, 0.8f, 0.9f};
    Floats out(x.size() + w.size());
    k.rms_norm_backward(x.data(), w.data(), inverse_rms.data(), dy.data(), dy.data(), kRows, kWidth,
                        out.data(), out.data() + x.size());
    return out;
  });
}

TEST_P(NetKernelsTest, RotateAlike) {
  expect_as_baseline([](const NetKernels& k) {
    constexpr std::int64_t kHeadWidth = 38, kStride = 2 * kHeadWidth + 1;
    const Floats cosines = numbers(4 * kHeadWidth / 2, "cosines");
    const Floats sines = numbers(4 * kHeadWidth / 2, "sines");
    const std::int32_t positions[kRows] = {3, 0, 2};
    Floats x = numbers(kRows * kStride, "x");
    k.rotate(x.data(), kRows, kStride, 2, kHeadWidth, positions, cosines.data(), sines.data(), -1);
    return x;
  });
}

TEST_P(NetKernelsTest, GateAlike) {
  expect_as_baseline([](const NetKernels& k) {
    const Floats gate_up = numbers(kRows * 2 * kWidth, "gate_up");
    const Floats d_out = numbers(kRows * kWidth, "d_out");
    Floats out(gate_up.size() + 2 * d_out.size());
    float* inner = out.data() + gate_up.size();
    k.swiglu_backward(gate_up.data(), d_out.data(), kRows, kWidth, out.data(), inner);
    k.swiglu(gate_up.data(), kRows, kWidth, inner + d_out.size());
    return out;
  });
}

TEST_P(NetKernelsTest, WeighScoresAlike) {
  expect_as_baseline([](const NetKernels& k) {
    Floats p = numbers(kRows * kWidth, "scores"), dp = numbers(kRows * kWidth, "dp");
    k.causal_softmax(p.data(), kRows, kWidth, 40, 0.3f);
    k.softmax_backward(p.data(), kRows, kWidth, 0.3f, dp.data());
    p.insert(p.end(), dp.begin(), dp.end());
    return p;
  });
}

TEST_P(NetKernelsTest, LoseAlike) {
  expect_as_baseline([](const NetKernels& k) {
    const std::int32_t targets[kRows] = {0, 74, 30};
    const float weights[kRows] = {1, 0, 2};
    Floats logits = numbers(kRows * kWidth, "logits"), out(kRows + 1);
    k.log_probs(logits.data(), targets, kRows, kWidth, out.data());
    out.back() =
        static_cast<float>(k.cross_entropy(logits.data(), targets, weights, 0.5f, kRows, kWidth));
    k.add(logits.data(), kRows, out.data());
    out.insert(out.end(), logits.begin(), logits.end());
    return out;
  });
}

TEST_P(NetKernelsTest, CompareAPolicyWithItsReferenceAlike) {
  static constexpr std::int32_t targets[kRows] = {0, 40, kWidth - 1};
  expect_as_baseline([](const NetKernels& k) {
    const Floats own = numbers(kRows * kWidth, "own"), other = numbers(kRows * kWidth, "other");
    Floats out(3 * kRows);
    k.policy_rows(own.data(), other.data(), targets, kRows, kWidth, out.data(), out.data() + kRows,
                  out.data() + 2 * kRows);
    return out;
  });
  expect_as_baseline([](const NetKernels& k) {
    Floats own = numbers(kRows * kWidth, "own");
    const Floats other = numbers(kRows * kWidth, "other"), scores = {0.5f, -2, 0},
                 weights = {1, 0, 3};
    k.policy_gradient(own.data(), other.data(), targets, scores.data(), weights.data(), kRows,
                      kWidth);
    return own;
  });
}

INSTANTIATE_TEST_SUITE_P(AtLevel, NetKernelsTest,
                         testing::Values(ProcessorLevel::v3, ProcessorLevel::v4),
                         [](const auto& level) { return std::string(name_of(level.param)); });

}  // namespace
}  // namespace iago
