#include "stats/label_design.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

namespace iago {
namespace {

using testing::ElementsAre;

TEST(LabelDesign, GivesEachStratumItsLeastOrAllOfIt) {
  const DesignStratum strata[] = {{600, 0.6}, {395, 0.395}, {5, 0.005}, {0, 0}};
  EXPECT_EQ(fewest_labels(strata), 29u);
  EXPECT_THAT(allocate_labels(strata, 29), ElementsAre(12, 12, 5, 0));
}

TEST(LabelDesign, GivesFurtherLabelsByWeightTimesDeviation) {
  const DesignStratum by_weight[] = {{900, 0.9}, {100, 0.1}};
  const auto labels = allocate_labels(by_weight, 200);
  EXPECT_NEAR(static_cast<double>(labels[0]), 180, 1);
  EXPECT_EQ(labels[0] + labels[1], 200u);
  const DesignStratum by_deviation[] = {{500, 0.5, 0.5}, {500, 0.5, 0.1}};
  const auto of_deviation = allocate_labels(by_deviation, 160);  // 0.5 against 0.3
  EXPECT_NEAR(static_cast<double>(of_deviation[0]), 100, 1);
}

TEST(LabelDesign, LowersTheVarianceAsFarAsItGoes) {
  const DesignStratum strata[] = {{60, 0.3, 0.3}, {60, 0.6, 0.1}, {30, 0.1, 0.5}};
  const auto variance = [&](const std::vector<std::uint64_t>& labels) {
    double sum = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      const DesignStratum& s = strata[i];
      sum += s.weight * s.weight * s.expected_error * (1 - s.expected_error) /
             static_cast<double>(labels[i]);
    }
    return sum;
  };
  const double found = variance(allocate_labels(strata, 60));
  for (std::uint64_t a = 12; a <= 36; ++a) {
    for (std::uint64_t b = 12; a + b <= 48; ++b) {
      EXPECT_LE(found, variance({a, b, 60 - a - b}) + 1e-12) << a << " " << b;
    }
  }
}

TEST(LabelDesign, HoldsTheSmallerOneInTheLarger) {
  const DesignStratum strata[] = {{500, 0.5}, {40, 0.04}, {460, 0.46, 0.3}};
  std::vector<std::uint64_t> before(3, 0);
  for (std::uint64_t labels = 36; labels <= 300; labels += 7) {
    const auto now = allocate_labels(strata, labels);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_GE(now[i], before[i]);
    EXPECT_EQ(std::accumulate(now.begin(), now.end(), std::uint64_t{0}), labels);
    before = now;
  }
}

TEST(LabelDesign, EndsWhereThereAreNoMoreAnswers) {
  const DesignStratum strata[] = {{20, 0.5}, {20, 0.5}};
  EXPECT_THAT(allocate_labels(strata, 1'000), ElementsAre(20, 20));
}

}  // namespace
}  // namespace iago
