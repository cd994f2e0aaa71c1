#include "stats/corrected.h"

#include <gtest/gtest.h>

#include <string>

#include "base/random.h"

namespace iago {
namespace {

// Of independent completions: as many queries as completions.
RateEstimate raw_rate(double successes, double n) {
  return {.rate = successes / n,
          .ci95 = {},
          .n = static_cast<std::size_t>(n),
          .queries = static_cast<std::size_t>(n),
          .clusters = static_cast<std::size_t>(n),
          .se = 0,
          .effective_n = n};
}

// 20 of 100 found by a judge that is right on 45 of 50 and on 95 of 100. By hand: (0.2 + 0.95 - 1)
// / (0.9 + 0.95 - 1) = 0.15 / 0.85. The interval, with 1.9842 for 99 degrees of freedom: rate
// (20 + 1.9686) / 103.9371 = 0.211364, sensitivity 46/52 = 0.884615, specificity 96/102 = 0.941176,
// Youden's 0.825792, p 0.184720; variances 0.00160375, 0.00196290, 0.000542776;
// centre 0.184720 + 7.874294 (0.000362587 - 0.000442515) = 0.184091; error
// sqrt(0.00160375 + 0.0000669770 + 0.000360775) / 0.825792 = 0.0545816.
// Of the truly positive and the truly negative, so many called rightly.
Confusion counted(std::uint64_t true_positive, std::uint64_t positive, std::uint64_t true_negative,
                  std::uint64_t negative) {
  return {.true_positive = true_positive,
          .false_negative = positive - true_positive,
          .true_negative = true_negative,
          .false_positive = negative - true_negative};
}

TEST(CorrectedRate, IsAsByHand) {
  auto found = corrected_rate(raw_rate(20, 100), counted(45, 50, 95, 100));
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->rate, 0.15 / 0.85, 1e-12);
  EXPECT_NEAR(found->ci95.lo, 0.184091 - 1.984217 * 0.0545816, 2e-5);
  EXPECT_NEAR(found->ci95.hi, 0.184091 + 1.984217 * 0.0545816, 2e-5);
}

TEST(CorrectedRate, LeavesTheRateOfAFlawlessJudgeAndSaysWhatItDoesNotKnow) {
  auto found = corrected_rate(raw_rate(0, 200), counted(100, 100, 1000, 1000));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->rate, 0);
  EXPECT_EQ(found->ci95.lo, 0);
  EXPECT_GT(found->ci95.hi, 0.005);
  EXPECT_EQ(corrected_rate(raw_rate(100, 200), counted(100, 100, 1000, 1000))->rate, 0.5);
}

TEST(CorrectedRate, IsWiderTheLessTheJudgeWasMeasured) {
  auto much = corrected_rate(raw_rate(60, 200), counted(900, 1000, 950, 1000));
  auto little = corrected_rate(raw_rate(60, 200), counted(18, 20, 19, 20));
  ASSERT_TRUE(much && little);
  EXPECT_NEAR(much->rate, little->rate, 1e-12);
  EXPECT_GT(little->ci95.width(), 1.3 * much->ci95.width());
}

TEST(CorrectedRate, IsAbsentWhereItsAssumptionsFail) {
  auto raw = raw_rate(20, 100);
  EXPECT_FALSE(corrected_rate(raw, counted(0, 0, 95, 100))) << "never measured on the positive";
  EXPECT_FALSE(corrected_rate(raw, counted(45, 50, 0, 0))) << "never measured on the negative";
  EXPECT_FALSE(corrected_rate(raw, counted(10, 50, 70, 100))) << "no better than a coin";
  // A judge with half false alarms cannot find 0 of 1,000.
  EXPECT_FALSE(corrected_rate(raw_rate(0, 1000), counted(100, 100, 500, 1000)));
}

TEST(JudgeAccuracy, HasAnIntervalThatIsNeverAPoint) {
  auto flawless = sensitivity_of(counted(50, 50, 0, 0));
  ASSERT_TRUE(flawless);
  EXPECT_EQ(flawless->rate, 1);
  EXPECT_NEAR(flawless->ci95.lo, 0.9289, 1e-4);  // 0.025^(1/50)
  EXPECT_EQ(flawless->ci95.hi, 1);
  EXPECT_EQ(flawless->n, 50u);
  EXPECT_FALSE(specificity_of(counted(50, 50, 0, 0)));
}

std::uint64_t draw(std::uint64_t n, double p, Random& random) {
  std::uint64_t successes = 0;
  for (std::uint64_t i = 0; i < n; ++i) successes += random.chance(p);
  return successes;
}

TEST(CorrectedRate, CoversTheTruth) {
  constexpr int kDraws = 400;
  constexpr std::uint64_t kCompletions = 200;
  struct Judge {
    double sensitivity, specificity;
    std::uint64_t positive, negative;
  };
  for (const Judge& judge : {Judge{0.7, 0.98, 30, 100}, Judge{0.9, 0.95, 30, 100},
                             Judge{0.9, 1, 300, 1000}, Judge{1, 1, 30, 100}}) {
    for (double truth : {0.02, 0.12, 0.5}) {
      Random random(7, "corrected rate " + std::to_string(truth));
      int covered = 0, given = 0;
      double raw = truth * judge.sensitivity + (1 - truth) * (1 - judge.specificity);
      for (int i = 0; i < kDraws; ++i) {
        const auto true_positive = draw(judge.positive, judge.sensitivity, random);
        const auto true_negative = draw(judge.negative, judge.specificity, random);
        const Confusion seen =
            counted(true_positive, judge.positive, true_negative, judge.negative);
        auto found = corrected_rate(
            raw_rate(static_cast<double>(draw(kCompletions, raw, random)), kCompletions), seen);
        if (!found) continue;
        ++given;
        EXPECT_GT(found->ci95.width(), 0);
        covered += found->ci95.contains(truth);
      }
      EXPECT_GE(given, kDraws * 0.99);
      // 400 draws at 95 % have a standard error of 1.1 points.
      EXPECT_GE(covered, given * 0.92)
          << judge.sensitivity << " " << judge.specificity << " at " << truth;
    }
  }
}

}  // namespace
}  // namespace iago
