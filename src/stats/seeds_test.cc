#include "stats/seeds.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/random.h"

namespace iago {
namespace {

constexpr Interval kRate = {0, 100};

std::vector<SeedValue> values(const std::vector<double>& points, double se = 0) {
  std::vector<SeedValue> seeds;
  for (double x : points) seeds.push_back({x, se});
  return seeds;
}

TEST(SeedSpread, IsTheMeanWithStudentsQuantileSharedAmongTheLooks) {
  const auto spread = seed_spread(values({40, 50, 60, 45, 55}), 1, kRate);
  ASSERT_TRUE(spread && spread->mean && spread->band);
  EXPECT_DOUBLE_EQ(*spread->mean, 50);
  // t(4, 0.975) = 2.7764, s = 7.9057
  EXPECT_NEAR(spread->band->hi - 50, 2.7764 * 7.9057 / std::sqrt(5.0), 1e-3);
  const auto shared = seed_spread(values({40, 50, 60, 45, 55}), 11, kRate);
  EXPECT_GT(shared->band->width(), 1.5 * spread->band->width());
}

TEST(SeedSpread, OfOneSeedHasNoBandAndOfNoneIsAbsent) {
  const auto one = seed_spread(values({40}), 11, kRate);
  ASSERT_TRUE(one);
  EXPECT_EQ(one->mean, 40);
  EXPECT_FALSE(one->band);
  EXPECT_FALSE(seed_spread({}, 11, kRate));
}

TEST(SeedSpread, HasABandWithAWidthThoughAllSeedsAgree) {
  const auto spread = seed_spread(values({0, 0, 0}, 0.5), 11, kRate);
  ASSERT_TRUE(spread->band);
  EXPECT_EQ(spread->band->lo, 0);
  EXPECT_GT(spread->band->hi, 0.5);
}

TEST(SeedSpread, GivesNoMeanWhereSeedsEndInTwoPlaces) {
  struct Case {
    std::vector<double> points;
    bool two;
  };
  for (const Case& c :
       {Case{{5, 8, 80, 85, 90}, true}, Case{{9, 80, 81, 79, 82}, true}, Case{{10, 90, 12}, true},
        Case{{10, 30, 50, 70, 90}, false}, Case{{40, 45, 50, 55, 60}, false},
        Case{{0, 0, 0, 19, 19}, false}, Case{{0, 0, 20, 20, 20}, true}, Case{{10, 90}, false}}) {
    const auto spread = seed_spread(values(c.points), 11, kRate);
    EXPECT_EQ(spread->two_places, c.two) << ::testing::PrintToString(c.points);
    EXPECT_EQ(spread->mean.has_value(), !c.two);
  }
}

// How often five seeds of one normal distribution are taken for two places: as the header says.
TEST(SeedSpread, SeldomSeesTwoPlacesInOne) {
  const auto share = [](double sd) {
    int two = 0;
    for (int i = 0; i < 4000; ++i) {
      Random random(7, "one place " + std::to_string(sd) + " " + std::to_string(i));
      std::vector<SeedValue> seeds;
      for (int s = 0; s < 5; ++s) seeds.push_back({sd * random.normal(), 0});
      two += seed_spread(seeds, 1, {-1e3, 1e3})->two_places ? 1 : 0;
    }
    return two / 4000.0;
  };
  EXPECT_LT(share(5), 0.01);
  EXPECT_NEAR(share(10), 0.034, 0.015);
  EXPECT_NEAR(share(20), 0.130, 0.03);
}

// Whole trajectories: seeds have levels of their own, and every look a disturbance.
TEST(SeedSpread, HoldsTheWholeTrajectoryInNineteenTrainingsOfTwenty) {
  constexpr int kTrials = 3000, kLooks = 11;
  int held = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    Random random(3, "trajectory " + std::to_string(trial));
    std::vector<double> levels;
    for (int s = 0; s < 5; ++s) levels.push_back(3 * random.normal());
    bool holds = true;
    for (int look = 0; look < kLooks; ++look) {
      std::vector<SeedValue> seeds;
      for (double level : levels) seeds.push_back({level + 3 * random.normal(), 0});
      holds = holds && seed_spread(seeds, kLooks, {-100, 100})->band->contains(0);
    }
    held += holds ? 1 : 0;
  }
  EXPECT_GT(held / static_cast<double>(kTrials), 0.945);
}

}  // namespace
}  // namespace iago
