#include "stats/auroc.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/random.h"

namespace iago {
namespace {

std::vector<double> scores(Random& random, std::size_t n, int values) {
  std::vector<double> all;
  for (std::size_t i = 0; i < n; ++i) {
    all.push_back(static_cast<double>(random.below(static_cast<std::uint64_t>(values))) / values);
  }
  return all;
}

// Against the definition, over all pairs.
TEST(Auroc, CountsThePairsInTheRightOrderAndTiesHalf) {
  Random random(1, "auroc");
  for (int round = 0; round < 300; ++round) {
    auto values = static_cast<int>(2 + random.below(30));
    auto up = scores(random, 1 + random.below(12), values);
    auto down = scores(random, 1 + random.below(12), values);
    double right = 0;
    for (double p : up) {
      for (double n : down) right += p > n ? 1 : p == n ? 0.5 : 0;
    }
    auto found = auroc(up, down);
    EXPECT_NEAR(found->area, right / static_cast<double>(up.size() * down.size()), 1e-12);
    EXPECT_LE(found->ci95.lo, found->area);
    EXPECT_GE(found->ci95.hi, found->area);
    EXPECT_GE(found->ci95.lo, 0);
    EXPECT_LE(found->ci95.hi, 1);
    EXPECT_GT(found->ci95.width(), 0);
    auto mirrored = auroc(down, up);
    EXPECT_NEAR(mirrored->area, 1 - found->area, 1e-12);
    EXPECT_NEAR(mirrored->ci95.lo, 1 - found->ci95.hi, 1e-9);
  }
}

TEST(Auroc, IsAbsentWithoutBothSides) {
  std::vector<double> some{1}, none;
  EXPECT_FALSE(auroc(some, none));
  EXPECT_FALSE(auroc(none, some));
  EXPECT_FALSE(threshold_at(0.01, some, none));
}

TEST(Auroc, HasAnIntervalWhereTheSidesArePerfectlyApart) {
  std::vector<double> up(51, 1.0), down(55, 0.0);
  auto found = auroc(up, down);
  EXPECT_EQ(found->area, 1);
  EXPECT_NEAR(found->ci95.hi, 1, 1e-9);
  EXPECT_GT(found->ci95.lo, 0.9);
  EXPECT_LT(found->ci95.lo, 0.999);
}

double phi(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

// Two normal distributions d apart have the area phi(d / sqrt 2).
TEST(Auroc, CoversTheTruthAboutAsOftenAsItSays) {
  Random random(2, "auroc coverage");
  constexpr int kRounds = 1500;
  for (double d : {0.0, 1.0, 2.0, 3.0}) {
    double truth = phi(d / std::sqrt(2.0));
    int covered = 0;
    for (int round = 0; round < kRounds; ++round) {
      std::vector<double> up, down;
      for (int i = 0; i < 30; ++i) up.push_back(d + random.normal());
      for (int i = 0; i < 40; ++i) down.push_back(random.normal());
      covered += auroc(up, down)->ci95.contains(truth);
    }
    double rate = static_cast<double>(covered) / kRounds;
    EXPECT_GT(rate, 0.93) << d;
    EXPECT_LT(rate, 0.995) << d;
  }
}

// Against trying every threshold there is.
TEST(ThresholdAt, IsTheLowestThatKeepsTheRate) {
  Random random(3, "threshold");
  for (int round = 0; round < 300; ++round) {
    auto up = scores(random, 1 + random.below(20), 10),
         down = scores(random, 1 + random.below(20), 10);
    double wanted = random.uniform() * 0.5;
    auto share = [](const std::vector<double>& all, double t) {
      double n = 0;
      for (double score : all) n += score >= t;
      return n / static_cast<double>(all.size());
    };
    auto found = *threshold_at(wanted, up, down);
    EXPECT_LE(found.false_positive_rate, wanted);
    EXPECT_EQ(found.false_positive_rate, share(down, found.threshold));
    EXPECT_EQ(found.sensitivity, share(up, found.threshold));
    for (const auto& side : {up, down}) {
      for (double t : side) {
        if (t < found.threshold) {
          EXPECT_GT(share(down, t), wanted);
        }
      }
    }
  }
}

}  // namespace
}  // namespace iago
