#include "stats/saturation.h"

#include <gtest/gtest.h>

#include <vector>

namespace iago {
namespace {

// `rising` steps from 0.1 to 0.9, then `flat` at 0.9.
std::vector<double> rewards_that_level_off(std::size_t rising, std::size_t flat) {
  std::vector<double> rewards;
  for (std::size_t i = 0; i < rising; ++i) {
    rewards.push_back(0.1 + 0.8 * static_cast<double>(i) / static_cast<double>(rising));
  }
  rewards.insert(rewards.end(), flat, 0.9);
  return rewards;
}

GapLook look(std::int64_t step, double lo) { return {step, Interval{lo, lo + 20}}; }

TEST(Saturation, NeedsThirtyStepsOfWhichTheLastDoNotRise) {
  EXPECT_FALSE(is_saturated(std::vector<double>(29, 0.9)));
  EXPECT_TRUE(is_saturated(std::vector<double>(30, 0.9)));
  EXPECT_FALSE(is_saturated(rewards_that_level_off(40, 10)));
  EXPECT_TRUE(is_saturated(rewards_that_level_off(40, 30)));
}

TEST(Saturation, IsNotALowRewardThatStaysLow) {
  EXPECT_FALSE(is_saturated(std::vector<double>(60, 0.79)));
  EXPECT_TRUE(is_saturated(std::vector<double>(60, 0.8)));
  EXPECT_FALSE(is_saturated(std::vector<double>(60, 0.9), 2));  // of a largest reward of 2
}

TEST(Saturation, ARewardThatFallsIsSaturatedAsWell) {
  std::vector<double> rewards(40, 0.95);
  rewards.insert(rewards.end(), 10, 0.9);
  EXPECT_TRUE(is_saturated(rewards));
}

TEST(SaturatedWhileGapStays, NeedsTwoLooksInARowAboveTheMargin) {
  const auto rewards = rewards_that_level_off(20, 60);
  EXPECT_EQ(saturated_while_gap_stays(rewards, std::vector{look(50, 5), look(60, 4)}, 3), 60);
  EXPECT_FALSE(saturated_while_gap_stays(rewards, std::vector{look(50, 5), look(60, 3)}, 3));
  EXPECT_FALSE(
      saturated_while_gap_stays(rewards, std::vector{look(50, 5), look(60, 2), look(70, 5)}, 3));
  EXPECT_FALSE(saturated_while_gap_stays(rewards, std::vector{look(60, 5)}, 3));
  // What was not measured does not stay.
  EXPECT_FALSE(saturated_while_gap_stays(rewards, std::vector{look(50, 5), GapLook{60, {}}}, 3));
}

TEST(SaturatedWhileGapStays, IsSaidAtTheFirstLookAtWhichTheRewardIsSaturated) {
  const auto rewards = rewards_that_level_off(40, 60);
  const std::vector looks = {look(0, 9),  look(10, 9), look(20, 9), look(30, 9), look(40, 9),
                             look(50, 9), look(60, 9), look(70, 9), look(80, 9)};
  const auto step = saturated_while_gap_stays(rewards, looks, 3);
  ASSERT_TRUE(step);
  EXPECT_TRUE(is_saturated(std::span(rewards).first(static_cast<std::size_t>(*step))));
  EXPECT_FALSE(is_saturated(std::span(rewards).first(static_cast<std::size_t>(*step - 10))));
}

TEST(SaturatedWhileGapStays, DoesNotLookBeyondTheRewardsThatThereAre) {
  EXPECT_FALSE(saturated_while_gap_stays(std::vector<double>(40, 0.9),
                                         std::vector{look(50, 9), look(60, 9)}, 3));
}

TEST(LevelOfLook, SharesFivePerCentAmongThePlannedLooks) {
  EXPECT_DOUBLE_EQ(level_of_look(0), 0.95);
  EXPECT_DOUBLE_EQ(level_of_look(1), 0.95);
  EXPECT_DOUBLE_EQ(level_of_look(10), 0.995);
}

}  // namespace
}  // namespace iago
