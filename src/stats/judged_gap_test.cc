#include "stats/judged_gap.h"

#include <gtest/gtest.h>

#include "testing/stats/simulated_judge.h"
#include "testing/stats/simulation.h"

namespace iago {
namespace {

Confusion labelled(std::uint64_t true_positive, std::uint64_t positive, std::uint64_t true_negative,
                   std::uint64_t negative) {
  return {.true_positive = true_positive,
          .false_negative = positive - true_positive,
          .true_negative = true_negative,
          .false_positive = negative - true_negative};
}

ArmCounts every_query(std::size_t queries, std::size_t successes, std::size_t trials) {
  return ArmCounts(queries, {.successes = successes, .trials = trials});
}

TEST(JudgedRate, IsRoganAndGladensPointWithALimitForAJudgeWithoutAMistake) {
  const auto raw = estimate_rate(every_query(100, 2, 10));
  const JudgedRate plain = judged_rate(*raw, labelled(45, 50, 95, 100));
  ASSERT_EQ(plain.state, Correction::corrected);
  EXPECT_NEAR(plain.rate, 0.15 / 0.85, 1e-12);
  const JudgedRate flawless = judged_rate(*raw, labelled(100, 100, 100, 100));
  EXPECT_NEAR(flawless.rate, 0.2, 1e-12);
  EXPECT_LT(flawless.ci95.lo, raw->ci95.lo);
  EXPECT_GT(flawless.ci95.hi, raw->ci95.hi);
}

TEST(JudgedRate, SaysWhyItIsNotCorrected) {
  const auto raw = estimate_rate(every_query(100, 2, 10));
  EXPECT_EQ(judged_rate(*raw, {}).state, Correction::not_measured);
  EXPECT_EQ(judged_rate(*raw, labelled(0, 0, 50, 50)).state, Correction::too_few_labels);
  EXPECT_EQ(judged_rate(*raw, labelled(2, 2, 50, 50)).state, Correction::too_few_labels);
  EXPECT_EQ(judged_rate(*raw, labelled(60, 60, 500, 1'000)).state, Correction::contradicted);
  EXPECT_EQ(name_of(Correction::too_few_labels), "too few labels");
}

TEST(JudgedGap, VanishesWhereTheArmsErrorsMakeIt) {
  // 12 and 4 points of compliance reported; the judge takes 9 % for complying in `more` alone.
  ArmCounts more = every_query(200, 1, 10);
  for (std::size_t i = 0; i < 200; i += 5) more[i].successes = 2;
  ArmCounts less = every_query(200, 0, 10);
  for (std::size_t i = 0; i < 200; i += 5) less[i].successes = 2;
  const auto gap = estimate_gap_without_test(more, less);
  ASSERT_GT(gap->ci95.lo, 3);
  const JudgedGap judged =
      judged_gap(*estimate_rate(more), *estimate_rate(less), *gap, labelled(95, 100, 910, 1'000),
                 labelled(95, 100, 1'000, 1'000));
  ASSERT_EQ(judged.state, Correction::corrected);
  EXPECT_TRUE(judged.ci95.contains(0));
  EXPECT_TRUE(judged.ci95.contains(judged.points));
}

// Errors that differ by arm, and as many labels as people make.
TEST(JudgedGap, CoversTheTruthOrSaysThatLabelsAreTooFew) {
#ifdef __SANITIZE_ADDRESS__
  constexpr int kStudies = 100;
#else
  constexpr int kStudies = 800;
#endif
  const JudgedDesign designs[] = {
      {.more = 0.14, .less = 0.03, .in_more = {0.9, 0.97}, .in_less = {0.8, 1}, .labels = 300},
      {.more = 0.05, .less = 0.05, .in_more = {1, 0.95}, .in_less = {0.7, 1}, .labels = 150},
      {.more = 0.5, .less = 0.3, .in_more = {0.8, 0.9}, .in_less = {0.9, 0.8}, .labels = 100},
      {.more = 0.03, .less = 0.03, .in_more = {0.9, 0.99}, .in_less = {0.9, 0.99}, .labels = 30}};
  for (const JudgedDesign& design : designs) {
    const JudgedCoverage found = simulate_judged(design, kStudies, 11);
    EXPECT_GE(found.covered + found.too_few, 0.93 * kStudies - 18) << design.labels;
  }
  EXPECT_GT(simulate_judged(designs[3], 100, 12).too_few, 50);
}

TEST(TippingPoint, IsTheSpecificityAtWhichTheCorrectedIntervalReachesZero) {
  const auto tip = tipping_point(0.14, 0.03, {8, 14}, 3);
  ASSERT_TRUE(tip);
  EXPECT_EQ(tip->rate, TippingPoint::Rate::specificity);
  EXPECT_TRUE(tip->is_in_more);
  const double f = 1 - tip->below;
  // The end of the arm's rate is 0.14 - 0.03 and 3 points below it: corrected, it meets 0.03.
  EXPECT_NEAR((0.14 - 0.03 - f) / (1 - f), 0.03, 1e-12);
  EXPECT_FALSE(tipping_point(0.03, 0.14, {-14, -8}, 3)->is_in_more);
  // Where both arms comply with most, positives missed in the other arm do it sooner.
  const auto missed = tipping_point(0.9, 0.8, {5, 15}, 3);
  EXPECT_EQ(missed->rate, TippingPoint::Rate::sensitivity);
  EXPECT_FALSE(missed->is_in_more);
  EXPECT_NEAR((0.8 + 0.05) / missed->below, 0.9, 1e-12);
}

TEST(TippingPoint, IsTheSensitivityAtWhichNoGapLeavesTheMargin) {
  const auto tip = tipping_point(0.02, 0.02, {-1, 1.2}, 3);
  ASSERT_TRUE(tip);
  EXPECT_EQ(tip->rate, TippingPoint::Rate::sensitivity);
  EXPECT_TRUE(tip->is_in_more);
  EXPECT_NEAR((0.02 + 0.012) / tip->below - 0.02, 0.03, 1e-12);
  EXPECT_FALSE(tipping_point(0, 0, {-1, 1}, 3)) << "nothing was found that could have been missed";
  EXPECT_FALSE(tipping_point(0.5, 0.5, {-5, 6}, 3)) << "not settled";
  // An interval above 0 inside the margin is undone as "no gap" is, if that is the verdict.
  const auto above = tipping_point(0.02, 0.01, {0.1, 1.9}, 3, true);
  EXPECT_EQ(above->rate, TippingPoint::Rate::sensitivity);
  // At 5 % in both arms a few false alarms in one of them carry the gap out of the margin.
  const auto alarms = tipping_point(0.05, 0.05, {-1.7, 1.7}, 3);
  EXPECT_EQ(alarms->rate, TippingPoint::Rate::specificity);
  const double false_alarms = 1 - alarms->below;
  const double end = 0.05 - 0.017;
  EXPECT_NEAR((end - false_alarms) / (1 - false_alarms), 0.05 - 0.03, 1e-12);
}

TEST(TippingSpecificity, IsOneLessTheLowerLimit) {
  EXPECT_DOUBLE_EQ(*tipping_specificity({0.004, 0.02}), 0.996);
  EXPECT_FALSE(tipping_specificity({0, 0.02}));
}

// Of an arm of which the judge saw a half, 40 % are said to comply: its negatives are a tenth of
// all, and so its false alarms can be no more than that.
TEST(TippingPoint, KnowsNoErrorInWhatTheJudgeHasNotSeen) {
  const auto all = tipping_point(0.4, 0.1, {20, 40}, 3);
  ASSERT_TRUE(all);
  EXPECT_NEAR(all->below, (1 - 0.3) / (1 - 0.1), 1e-12);
  const auto half = tipping_point(0.4, 0.1, {20, 40}, 3, false, {0.5, 1});
  ASSERT_TRUE(half);
  EXPECT_NEAR(half->below, (0.5 - 0.3) / (0.5 - 0.1), 1e-12);
  // It cannot have missed 40 % of an arm of which it saw a fifth.
  const auto fifth = tipping_point(0.4, 0.1, {20, 40}, 3, false, {0.1, 0.2});
  EXPECT_FALSE(fifth);
}

}  // namespace
}  // namespace iago
