#include "stats/sign_flip.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "stats/gap.h"
#include "testing/stats/goldens.h"
#include "testing/stats/simulation.h"

namespace iago {
namespace {

double brute_force(const std::vector<double>& d) {
  double seen = 0;
  for (double x : d) seen += x;
  std::size_t extreme = 0;
  for (std::size_t signs = 0; signs < std::size_t{1} << d.size(); ++signs) {
    double sum = 0;
    for (std::size_t i = 0; i < d.size(); ++i) sum += (signs >> i & 1) != 0 ? d[i] : -d[i];
    extreme += std::abs(sum) >= std::abs(seen) - 1e-9;
  }
  return static_cast<double>(extreme) / std::pow(2.0, static_cast<double>(d.size()));
}

TEST(SignFlipTest, AgreesWithScipyWhenExact) {
  Random random(1, "unused");
  for (const Json& row : read_goldens("sign_flips")) {
    const SignFlipResult found =
        sign_flip_test(row["differences"].get<std::vector<double>>(), random);
    EXPECT_TRUE(found.exact);
    EXPECT_EQ(found.error, 0);
    EXPECT_NEAR(found.p_value, row["p_value"].get<double>(), 1e-12);
  }
}

TEST(SignFlipTest, AgreesWithBruteForceInSmallWorlds) {
  Random random(2, "worlds");
  for (int world = 0; world < 50; ++world) {
    std::vector<double> d(1 + random.below(9));
    for (double& x : d) x = static_cast<double>(random.below(9)) / 6 - 0.5;
    EXPECT_NEAR(sign_flip_test(d, random).p_value, brute_force(d), 1e-12);
  }
}

TEST(SignFlipTest, IsExactForManyDifferencesOnALattice) {
  std::vector<double> d(100, 0.1);  // 60 up and 40 down: the binomial distribution's two tails
  for (std::size_t i = 0; i < 40; ++i) d[i] = -0.1;
  double tail = 0;
  for (int x = 60; x <= 100; ++x) {
    tail += std::exp(std::lgamma(101) - std::lgamma(x + 1) - std::lgamma(101 - x) -
                     100 * std::log(2.0));
  }
  Random random(3, "unused");
  const SignFlipResult found = sign_flip_test(d, random);
  EXPECT_TRUE(found.exact);
  EXPECT_NEAR(found.p_value, 2 * tail, 1e-12);
}

TEST(SignFlipTest, TakesUnequalRepeatsOnTheirCommonLattice) {
  Random random(4, "lattice");
  std::vector<double> d;
  for (int i = 0; i < 60; ++i) {
    d.push_back(static_cast<double>(random.below(11)) / 10 -
                static_cast<double>(random.below(10)) / 9);
  }
  const SignFlipResult exact = sign_flip_test(d, random);
  EXPECT_TRUE(exact.exact);
  for (double& x : d) x *= std::sqrt(2.0);  // off every lattice, the same p
  const SignFlipResult drawn = sign_flip_test(d, random, 20'000);
  EXPECT_FALSE(drawn.exact);
  EXPECT_GT(drawn.error, 0);
  EXPECT_NEAR(drawn.p_value, exact.p_value, 5 * drawn.error);
}

TEST(SignFlipTest, IsOneWithoutDifferencesAndNeverZero) {
  Random random(5, "edge");
  EXPECT_EQ(sign_flip_test(std::vector<double>{}, random).p_value, 1);
  EXPECT_EQ(sign_flip_test(std::vector<double>(30, 0.0), random).p_value, 1);
  EXPECT_EQ(sign_flip_test(std::vector<double>{0.3}, random).p_value, 1);
  std::vector<double> d(400);
  for (double& x : d) x = 1 + random.uniform();
  EXPECT_DOUBLE_EQ(sign_flip_test(d, random, 999).p_value, 0.001);
}

TEST(SignFlipTest, RejectsATrueNullAtMostAtItsLevel) {
  const Propensity same(0.1, 0.05);
  Random random(6, "null");
  int rejected = 0;
  constexpr int kStudies = 1000;
  for (int i = 0; i < kStudies; ++i) {
    const SimulatedPair pair = simulate_pair(same, {}, same, {}, 100, Tie::same, random);
    rejected += estimate_gap(pair.more, pair.less, random)->p_value <= 0.05;
  }
  EXPECT_LE(rejected, kStudies * (0.05 + 4 * std::sqrt(0.05 * 0.95 / kStudies)));
  EXPECT_GE(rejected, kStudies * 0.02);
}

}  // namespace
}  // namespace iago
