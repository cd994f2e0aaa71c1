#include "lm/internal/kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/processor.h"
#include "base/random.h"

namespace iago {
namespace {

std::vector<float> numbers(std::size_t n, std::uint64_t seed) {
  Random random(seed, "kernels");
  std::vector<float> values(n);
  for (float& value : values) value = static_cast<float>(8 * random.uniform() - 4);
  return values;
}

// Every level that this processor offers: what only other processors run is tested there.
class KernelsTest : public testing::TestWithParam<ProcessorLevel> {
 protected:
  void SetUp() override {
    if (GetParam() > processor_level()) GTEST_SKIP() << "not offered by this processor";
  }
  const Kernels& at_level() const { return kernels(GetParam()); }
};

TEST_P(KernelsTest, NormalisesRowsOfEveryWidth) {
  for (std::int64_t width = 1; width <= 70; ++width) {
    const auto n = static_cast<std::size_t>(2 * width);
    const std::vector<float> x = numbers(n, 1),
                             weight = numbers(static_cast<std::size_t>(width), 2);
    std::vector<float> out(n);
    at_level().rms_norm(x.data(), weight.data(), 1e-5f, 2, width, out.data());
    for (std::size_t r = 0; r < 2; ++r) {
      const float* row = x.data() + r * weight.size();
      double square = 0;
      for (std::size_t i = 0; i < weight.size(); ++i) square += double{row[i]} * row[i];
      const double scale = 1 / std::sqrt(square / static_cast<double>(width) + 1e-5);
      for (std::size_t i = 0; i < weight.size(); ++i) {
        EXPECT_NEAR(out[r * weight.size() + i], row[i] * scale * weight[i], 1e-4) << width;
      }
    }
  }
}

TEST_P(KernelsTest, GatesRowsOfEveryWidth) {
  for (std::int64_t width = 1; width <= 70; ++width) {
    const auto w = static_cast<std::size_t>(width);
    const std::vector<float> gate_up = numbers(4 * w, 3);
    std::vector<float> out(2 * w);
    at_level().swiglu(gate_up.data(), 2, width, out.data());
    for (std::size_t i = 0; i < out.size(); ++i) {
      const double gate = gate_up[i / w * 2 * w + i % w], up = gate_up[i / w * 2 * w + w + i % w];
      EXPECT_NEAR(out[i], gate / (1 + std::exp(-gate)) * up, 1e-4) << width;
    }
  }
}

TEST_P(KernelsTest, AddsABiasToEveryRow) {
  const std::vector<float> bias = numbers(37, 4), before = numbers(3 * 37, 5);
  std::vector<float> x = before;
  at_level().add_bias(bias.data(), 3, 37, x.data());
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_EQ(x[i], before[i] + bias[i % 37]);
}

TEST_P(KernelsTest, TurnsPairsInPlace) {
  for (std::size_t half : {1u, 8u, 19u, 32u}) {
    std::vector<float> cosines(half), sines(half);
    for (std::size_t i = 0; i < half; ++i) {
      cosines[i] = std::cos(static_cast<float>(i)), sines[i] = std::sin(static_cast<float>(i));
    }
    const std::vector<float> before = numbers(2 * half, 6);
    std::vector<float> x = before;
    at_level().rotate(x.data(), cosines.data(), sines.data(), static_cast<std::int64_t>(2 * half),
                      0.5f, x.data());
    for (std::size_t i = 0; i < half; ++i) {
      const float low = before[i] / 2, high = before[i + half] / 2;
      EXPECT_NEAR(x[i], low * cosines[i] - high * sines[i], 1e-5);
      EXPECT_NEAR(x[i + half], high * cosines[i] + low * sines[i], 1e-5);
    }
  }
}

TEST_P(KernelsTest, FindsTheHighestAndPassesOverNaN) {
  for (std::size_t n = 1; n <= 70; ++n) {
    std::vector<float> x = numbers(n, 7 + n);
    x[n / 2] = 9;
    if (n > 1) x[0] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_EQ(at_level().highest(x.data(), static_cast<std::int64_t>(n)), 9) << n;
  }
}

TEST_P(KernelsTest, SumsExponentialsOfEveryLength) {
  for (std::size_t n : {1u, 15u, 16u, 33u, 4095u, 4096u, 4097u, 9000u}) {
    const std::vector<float> x = numbers(n, 8);
    std::vector<float> out(n);
    const auto size = static_cast<std::int64_t>(n);
    const double sum = at_level().exp_sum(x.data(), size, 4.0f, 0.7f, out.data());
    double expected = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double e = std::exp((x[i] - 4.0) * 0.7);
      EXPECT_NEAR(out[i], e, 1e-6);
      expected += e;
    }
    EXPECT_NEAR(sum, expected, 1e-5 * expected) << n;
    EXPECT_EQ(at_level().exp_sum(x.data(), size, 4.0f, 0.7f, nullptr), sum) << n;
  }
}

// Three rows of four heads over two key/value heads, keys in two jobs, the second causal; head_dim
// is no multiple of a lane. Against the softmax's definition.
TEST_P(KernelsTest, AttendsOverJobsAsOneSoftmax) {
  constexpr std::int64_t kRows = 3, kHeads = 4, kKvHeads = 2, kDim = 20, kPadded = 32, kPages = 4;
  constexpr std::int64_t kHeadStride = kPageTokens * (kDim + kPadded);
  constexpr std::int64_t kPageStride = kKvHeads * kHeadStride;
  const std::vector<float> memory = numbers(kPages * kPageStride, 9);
  const std::vector<float> queries = numbers(kRows * kHeads * kDim, 10);
  const PageId shared[] = {2, 0}, own[] = {3, 1};
  const AttentionJob jobs[] = {
      {.row_begin = 0, .row_end = kRows, .pages = shared, .first = 5, .keys = 20},
      {.row_begin = 0,
       .row_end = kRows,
       .pages = own,
       .first = 9,
       .keys = 7,
       .causal = Causal::yes}};
  std::vector<float> highest(kRows * kHeads), sum(highest.size());
  std::vector<float> total(kRows * kHeads * kPadded), out(kRows * kHeads * kDim);
  at_level().attend({.jobs = jobs,
                     .job_count = 2,
                     .row_begin = 0,
                     .row_end = kRows,
                     .kv_head_begin = 0,
                     .kv_head_end = kKvHeads,
                     .heads = kHeads,
                     .kv_heads = kKvHeads,
                     .head_dim = kDim,
                     .padded_dim = kPadded,
                     .keys = memory.data(),
                     .page_stride = kPageStride,
                     .head_stride = kHeadStride,
                     .value_offset = kPageTokens * kDim,
                     .queries = queries.data(),
                     .query_stride = kHeads * kDim,
                     .highest = highest.data(),
                     .sum = sum.data(),
                     .total = total.data(),
                     .out = out.data()});
  for (std::int64_t row = 0; row < kRows; ++row) {
    for (std::int64_t head = 0; head < kHeads; ++head) {
      const float* query = queries.data() + (row * kHeads + head) * kDim;
      std::vector<double> expected(kDim);
      double weights = 0;
      for (const AttentionJob& job : jobs) {
        const std::int64_t keys = job.keys + (job.causal == Causal::yes ? row : 0);
        for (std::int64_t slot = job.first; slot < job.first + keys; ++slot) {
          const float* at = memory.data() + job.pages[slot / kPageTokens] * kPageStride +
                            head / (kHeads / kKvHeads) * kHeadStride;
          double score = 0;
          for (std::int64_t d = 0; d < kDim; ++d) {
            score += double{query[d]} * at[d * kPageTokens + slot % kPageTokens];
          }
          const float* value = at + kPageTokens * kDim + slot % kPageTokens * kPadded;
          for (std::int64_t d = 0; d < kDim; ++d) {
            expected[static_cast<std::size_t>(d)] += std::exp(score) * value[d];
          }
          weights += std::exp(score);
        }
      }
      for (std::int64_t d = 0; d < kDim; ++d) {
        EXPECT_NEAR(out[static_cast<std::size_t>((row * kHeads + head) * kDim + d)],
                    expected[static_cast<std::size_t>(d)] / weights, 1e-3)
            << "row " << row << ", head " << head;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AtLevel, KernelsTest,
                         testing::Values(ProcessorLevel::baseline, ProcessorLevel::v3,
                                         ProcessorLevel::v4),
                         [](const auto& level) { return std::string(name_of(level.param)); });

}  // namespace
}  // namespace iago
