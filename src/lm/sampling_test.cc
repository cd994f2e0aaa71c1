#include "lm/internal/sampling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>
#include <limits>

#include "testing/lm/small_network.h"

namespace iago {
namespace {

const std::vector<float> kLogits = {1.0f,  -0.5f, 2.25f, 0.0f,  2.25f, -3.0f, 0.7f,
                                    1.9f,  -1.2f, 0.3f,  0.1f,  -0.9f, 1.1f,  0.6f,
                                    -2.0f, 0.8f,  1.5f,  -0.1f, 0.4f};

// Softmax in double, of the tokens that a plain reading of the options keeps.
std::vector<double> expected(const Sampling& options) {
  std::vector<std::size_t> order(kLogits.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [](auto a, auto b) { return kLogits[a] > kLogits[b]; });
  if (options.top_k > 0)
    order.resize(std::min(order.size(), static_cast<std::size_t>(options.top_k)));
  auto weight = [&](std::size_t i) { return std::exp(double{kLogits[i]} / options.temperature); };
  double total = 0, mass = 0;
  for (auto i : order) total += weight(i);
  std::size_t kept = 0;
  while (kept < order.size() && mass < options.top_p * total * (1 - 1e-12))
    mass += weight(order[kept++]);
  std::vector<double> out(kLogits.size());
  for (std::size_t rank = 0; rank < kept; ++rank) out[order[rank]] = weight(order[rank]) / mass;
  return out;
}

class SampledFrequencies : public testing::TestWithParam<Sampling> {};

TEST_P(SampledFrequencies, FollowTheTruncatedSoftmax) {
  constexpr int kDraws = 200'000;
  Sampler sampler(kLogits.size());
  Random random(5, "frequencies");
  std::vector<int> counts(kLogits.size());
  for (int i = 0; i < kDraws; ++i) {
    ++counts[static_cast<std::size_t>(sampler.sample(kLogits, GetParam(), random).token)];
  }
  const auto share = expected(GetParam());
  double chi_square = 0;
  int cells = 0;
  for (std::size_t i = 0; i < share.size(); ++i) {
    if (share[i] == 0) {
      EXPECT_EQ(counts[i], 0) << "token " << i << " was to be cut off";
      continue;
    }
    const double mean = share[i] * kDraws;
    chi_square += (counts[i] - mean) * (counts[i] - mean) / mean;
    ++cells;
  }
  const boost::math::chi_squared distribution(std::max(1, cells - 1));
  EXPECT_LT(chi_square, quantile(complement(distribution, 1e-4)));
}

INSTANTIATE_TEST_SUITE_P(Options, SampledFrequencies,
                         testing::Values(Sampling{}, Sampling{.temperature = 0.6},
                                         Sampling{.temperature = 1.7}, Sampling{.top_p = 0.8},
                                         Sampling{.top_k = 5}, Sampling{.top_k = 1},
                                         Sampling{.temperature = 1.3, .top_p = 0.5, .top_k = 9},
                                         Sampling{.top_p = 1e-9}));

TEST(Sampling, GreedyTakesTheLowestIdOfEquals) {
  Sampler sampler(kLogits.size());
  Random random(1, "");
  const auto before = random.state();
  EXPECT_EQ(sampler.sample(kLogits, {.temperature = 0}, random).token, 2);
  EXPECT_EQ(sampler.sample(kLogits, {.top_k = 1}, random).token, 2);
  Random again(1, "");
  EXPECT_TRUE(before.state == again.state().state);
}

TEST(Sampling, TheLogProbabilityIsTheModelsOwnWhateverTheOptions) {
  Sampler sampler(kLogits.size());
  Random random(1, "");
  double sum = 0;
  for (float logit : kLogits) sum += std::exp(double{logit});
  for (const Sampling& options :
       {Sampling{}, Sampling{.temperature = 0}, Sampling{.temperature = 0.3},
        Sampling{.top_p = 0.4, .top_k = 3}}) {
    const Sample drawn = sampler.sample(kLogits, options, random);
    const double logit = kLogits[static_cast<std::size_t>(drawn.token)];
    EXPECT_NEAR(drawn.logprob, logit - std::log(sum), 1e-6);
    EXPECT_NEAR(log_probability(kLogits, drawn.token), drawn.logprob, 1e-7);
  }
}

// By a plain softmax in double of the tokens that the options keep.
TEST(Sampling, TheSampledLogProbabilityIsThatOfTheDistributionDrawnFrom) {
  Sampler sampler(kLogits.size());
  Random random(1, "");
  for (const Sampling& options :
       {Sampling{}, Sampling{.temperature = 0.3}, Sampling{.temperature = 1.7},
        Sampling{.top_p = 0.4}, Sampling{.top_k = 3}, Sampling{.top_k = 1},
        Sampling{.temperature = 1.3, .top_p = 0.5, .top_k = 9}}) {
    const std::vector<double> share = expected(options);
    for (int i = 0; i < 50; ++i) {
      const Sample drawn = sampler.sample(kLogits, options, random);
      EXPECT_NEAR(drawn.sampled_logprob, std::log(share[static_cast<std::size_t>(drawn.token)]),
                  1e-6);
    }
  }
  EXPECT_EQ(sampler.sample(kLogits, {.temperature = 0}, random).sampled_logprob, 0.0f);
  EXPECT_NEAR(log_probability(kLogits, 5, 0.6), std::log(expected({.temperature = 0.6})[5]), 1e-6);
}

TEST(Sampling, FarApartLogitsNeitherOverflowNorReachTheImpossible) {
  const std::vector<float> logits = {-3e38f, 3e38f, 0.0f};
  Sampler sampler(3);
  Random random(1, "");
  for (int i = 0; i < 1000; ++i) {
    const Sample drawn = sampler.sample(logits, {.temperature = 2}, random);
    EXPECT_EQ(drawn.token, 1);
    EXPECT_EQ(drawn.logprob, 0.0f);
  }
}

TEST(Sampling, LogitsThatAreNotFiniteAreAnError) {
  Random random(1, "");
  for (float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    for (std::size_t at : {0u, 7u, 18u}) {
      auto logits = kLogits;
      logits[at] = bad;
      Sampler sampler(logits.size());
      expect_error(ErrorCode::corrupt, {"not finite"}, [&] { sampler.sample(logits, {}, random); });
    }
  }
}

TEST(Sampling, OptionsOutOfRangeAreNamed) {
  expect_error(ErrorCode::invalid, {"temperature", "-1"},
               [] { check_sampling({.temperature = -1}); });
  expect_error(ErrorCode::invalid, {"temperature"}, [] { check_sampling({.temperature = NAN}); });
  expect_error(ErrorCode::invalid, {"top_p", "1.5"}, [] { check_sampling({.top_p = 1.5}); });
  expect_error(ErrorCode::invalid, {"top_k", "-2"}, [] { check_sampling({.top_k = -2}); });
  expect_error(ErrorCode::invalid, {"max_tokens", "0"}, [] { check_sampling({.max_tokens = 0}); });
}

}  // namespace
}  // namespace iago
