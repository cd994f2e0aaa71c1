#include "train/schedule.h"

#include <gtest/gtest.h>

namespace iago {
namespace {

TEST(Schedule, WarmsUpInEqualSteps) {
  const Schedule schedule{.peak = 1.0, .warmup_steps = 4};
  EXPECT_DOUBLE_EQ(schedule.rate(0, 100), 0.25);
  EXPECT_DOUBLE_EQ(schedule.rate(3, 100), 1.0);
  EXPECT_DOUBLE_EQ(schedule.rate(4, 100), 1.0);
}

TEST(Schedule, DecaysFromThePeakToTheFinalShare) {
  for (const Decay decay : {Decay::linear, Decay::cosine}) {
    const Schedule schedule{.peak = 2.0, .warmup_steps = 0, .decay = decay, .final_share = 0.1};
    EXPECT_DOUBLE_EQ(schedule.rate(0, 100), 2.0);
    EXPECT_NEAR(schedule.rate(50, 100), 1.1, 1e-12);  // halfway, for both by symmetry
    EXPECT_NEAR(schedule.rate(100, 100), 0.2, 1e-12);
    EXPECT_NEAR(schedule.rate(200, 100), 0.2, 1e-12);
  }
  const Schedule cosine{.peak = 1.0, .warmup_steps = 0, .decay = Decay::cosine};
  EXPECT_NEAR(cosine.rate(25, 100), 0.853553, 1e-6);  // (1 + cos(pi / 4)) / 2
}

TEST(Schedule, HoldsThePeakBeforeItDecays) {
  const Schedule schedule{
      .peak = 1.0, .warmup_steps = 10, .hold_share = 0.6, .decay = Decay::linear};
  EXPECT_DOUBLE_EQ(schedule.rate(10, 110), 1.0);
  EXPECT_DOUBLE_EQ(schedule.rate(70, 110), 1.0);
  EXPECT_NEAR(schedule.rate(90, 110), 0.5, 1e-12);
  EXPECT_NEAR(schedule.rate(110, 110), 0.0, 1e-12);
}

TEST(Schedule, StaysAtThePeakWhenConstant) {
  const Schedule schedule{.peak = 0.3, .warmup_steps = 1, .decay = Decay::constant};
  EXPECT_DOUBLE_EQ(schedule.rate(99, 100), 0.3);
}

}  // namespace
}  // namespace iago
