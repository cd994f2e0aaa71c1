#include "base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <pcg_random.hpp>
#include <string>
#include <vector>

namespace iago {
namespace {

using Wide = unsigned __int128;

// The generator of PCG's author at the same place of the same stream. Its constructor takes one
// step from (seed + increment), which is undone here: odd numbers have inverses modulo 2^128
// (Newton).
pcg64 reference_at(Random::State state) {
  const Wide multiplier = (Wide{2549297995355413924u} << 64) | 4865540595714422341u;
  Wide inverse = 1;
  for (int i = 0; i < 7; ++i) inverse *= 2 - multiplier * inverse;
  Wide seed = (state.state - state.increment) * inverse - state.increment;
  return pcg64(seed, state.increment >> 1);
}

// Pearson's statistic for equal expectations.
double chi_square(const std::vector<int>& counts) {
  double expected =
      std::accumulate(counts.begin(), counts.end(), 0.0) / static_cast<double>(counts.size());
  double sum = 0;
  for (int count : counts) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

TEST(Random, IsPcg64) {
  for (std::uint64_t seed : {0ull, 1ull, ~0ull}) {
    Random random(seed, "reference");
    pcg64 reference = reference_at(random.state());
    for (int i = 0; i < 10'000; ++i) ASSERT_EQ(random.bits(), reference());
  }
}

TEST(Random, RepeatsAStreamAndTellsStreamsApart) {
  Random a(1, "x"), same(1, "x"), seed(2, "x"), name(1, "y");
  EXPECT_EQ(a.bits(), same.bits());
  Random fresh(1, "x");
  std::uint64_t first = fresh.bits();
  EXPECT_NE(first, seed.bits());
  EXPECT_NE(first, name.bits());
  // Streams of their own, not one stream at different places.
  EXPECT_NE(fresh.state().increment, seed.state().increment);
  EXPECT_NE(fresh.state().increment, name.state().increment);
}

// The means of neighbouring rows' streams must scatter as those of independent ones do.
TEST(Random, GivesNeighbouringNamesIndependentStreams) {
  constexpr int kStreams = 2000, kDraws = 50;
  double lag = 0, square = 0, previous = 0;
  for (int row = 0; row < kStreams; ++row) {
    Random random(7, "row " + std::to_string(row));
    double mean = 0;
    for (int i = 0; i < kDraws; ++i) mean += (random.uniform() - 0.5) / kDraws;
    if (row > 0) lag += mean * previous;
    square += mean * mean;
    previous = mean;
  }
  double variance = square / kStreams, expected = 1.0 / 12 / kDraws;
  EXPECT_NEAR(variance / expected, 1, 5 * std::sqrt(2.0 / kStreams));
  EXPECT_NEAR(lag / square, 0, 5 / std::sqrt(kStreams));
}

TEST(Random, BelowIsUniform) {
  Random random(3, "below");
  for (std::uint64_t n : {2u, 3u, 10u, 97u}) {
    std::vector<int> counts(n);
    for (int i = 0; i < 100'000; ++i) ++counts.at(random.below(n));
    double freedom = static_cast<double>(n) - 1;
    EXPECT_LT(chi_square(counts), freedom + 5 * std::sqrt(2 * freedom)) << n;
  }
  EXPECT_EQ(random.below(1), 0u);
}

// 3/4 of 2^64: with a modulo the lower half of the range would come twice as often.
TEST(Random, BelowHasNoModuloBias) {
  Random random(4, "below");
  const std::uint64_t n = std::uint64_t{3} << 62;
  int low = 0;
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i) low += random.below(n) < n / 3;
  EXPECT_NEAR(low, kDraws / 3.0, 5 * std::sqrt(kDraws * 2.0 / 9));
}

TEST(Random, UniformFillsItsRangeEvenly) {
  Random random(5, "uniform");
  std::vector<int> counts(50);
  for (int i = 0; i < 100'000; ++i) {
    double x = random.uniform();
    ASSERT_GE(x, 0);
    ASSERT_LT(x, 1);
    ++counts[static_cast<std::size_t>(x * 50)];
  }
  EXPECT_LT(chi_square(counts), 49 + 5 * std::sqrt(98));
}

TEST(Random, NormalHasTheMomentsOfANormal) {
  Random random(6, "normal");
  constexpr int kDraws = 200'000;
  double sum = 0, square = 0, fourth = 0;
  int within = 0;
  for (int i = 0; i < kDraws; ++i) {
    double x = random.normal();
    ASSERT_TRUE(std::isfinite(x));
    sum += x, square += x * x, fourth += x * x * x * x;
    within += std::abs(x) < 1;
  }
  EXPECT_NEAR(sum / kDraws, 0, 5 / std::sqrt(kDraws));
  EXPECT_NEAR(square / kDraws, 1, 5 * std::sqrt(2.0 / kDraws));
  EXPECT_NEAR(fourth / kDraws, 3, 5 * std::sqrt(96.0 / kDraws));
  EXPECT_NEAR(within / static_cast<double>(kDraws), std::erf(std::sqrt(0.5)), 0.006);
}

TEST(Random, PicksByWeight) {
  Random random(8, "pick");
  const std::array<double, 4> weights = {1, 0, 3, 0};
  std::array<int, 4> counts{};
  for (int i = 0; i < 40'000; ++i) ++counts.at(random.pick(weights));
  EXPECT_EQ(counts[1], 0);
  EXPECT_EQ(counts[3], 0);
  EXPECT_NEAR(counts[0], 10'000, 5 * std::sqrt(7'500));
}

TEST(Random, ShufflesToEveryOrderAlike) {
  Random random(9, "shuffle");
  std::vector<int> counts(6);
  for (int i = 0; i < 60'000; ++i) {
    std::string order = "012";
    random.shuffle(order);
    // Each order's place among the six.
    int first = order[0] - '0', second = order[1] - '0';
    ++counts.at(static_cast<std::size_t>(2 * first + (second > 3 - first - second)));
  }
  EXPECT_LT(chi_square(counts), 5 + 5 * std::sqrt(10));
}

}  // namespace
}  // namespace iago
