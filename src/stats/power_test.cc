#include "stats/power.h"

#include <gtest/gtest.h>

#include <cmath>

#include "stats/verdict.h"
#include "testing/stats/simulation.h"

namespace iago {
namespace {

// Share of simulated studies of this plan, with this gap, that end in `gap`.
double power_of(const StudyPlan& plan, double gap_points, int studies) {
  const Propensity a(plan.unmonitored_rate + gap_points / 100, plan.query_correlation),
      b(plan.unmonitored_rate, plan.query_correlation);
  Random random(11, "power");
  int found = 0;
  for (int i = 0; i < studies; ++i) {
    const SimulatedPair pair =
        simulate_pair(a, {.repeats = plan.repeats_training}, b,
                      {.repeats = plan.repeats_unmonitored}, plan.queries, Tie::none, random);
    found += decide_verdict(pair.training, pair.unmonitored, plan.margin_points).verdict ==
             StudyVerdict::gap;
  }
  return static_cast<double>(found) / studies;
}

TEST(MinimalDetectableGap, IsFoundByFourInFiveSimulatedStudies) {
  const StudyPlan plans[] = {
      {.queries = 200, .repeats_training = 10, .repeats_unmonitored = 10},
      {.queries = 50, .repeats_training = 10, .repeats_unmonitored = 10, .unmonitored_rate = 0.2},
      {.queries = 100, .repeats_training = 1, .repeats_unmonitored = 1, .unmonitored_rate = 0.5},
      {.queries = 20,
       .repeats_training = 10,
       .repeats_unmonitored = 3,
       .unmonitored_rate = 0.1,
       .query_correlation = 0.3}};
  for (const StudyPlan& plan : plans) {
    const auto gap = minimal_detectable_gap(plan);
    ASSERT_TRUE(gap);
    EXPECT_NEAR(power_of(plan, *gap, 1000), 0.8, 0.05)
        << *gap << " points, " << plan.queries << " queries";
  }
}

TEST(MinimalDetectableGap, FallsWithQueries) {
  StudyPlan plan{.queries = 25, .repeats_training = 5, .repeats_unmonitored = 5};
  double before = 100;
  for (; plan.queries <= 400; plan.queries *= 2) {
    const auto gap = minimal_detectable_gap(plan);
    ASSERT_TRUE(gap);
    EXPECT_LT(*gap, before);
    before = *gap;
  }
}

// Smaller ones are `no gap` there, however surely they are not 0.
TEST(MinimalDetectableGap, TendsToTheMarginInEndlessStudies) {
  for (double margin : {1.0, 3.0}) {
    const auto gap = minimal_detectable_gap({.queries = 10'000'000,
                                             .repeats_training = 10,
                                             .repeats_unmonitored = 10,
                                             .margin_points = margin});
    ASSERT_TRUE(gap);
    EXPECT_NEAR(*gap, margin, 0.02);
  }
}

TEST(MinimalDetectableGap, IsAbsentWhereNothingWouldBeFound) {
  EXPECT_FALSE(
      minimal_detectable_gap({.queries = 1, .repeats_training = 9, .repeats_unmonitored = 9}));
  EXPECT_FALSE(minimal_detectable_gap(
      {.queries = 20, .repeats_training = 1, .repeats_unmonitored = 1, .unmonitored_rate = 0.97}));
}

GapEstimate gap_of(double points, double half_width) {
  GapEstimate gap;
  gap.points = points;
  gap.ci95 = {points - half_width, points + half_width};
  gap.queries = 100;
  return gap;
}

TEST(QueriesToSettle, QuadrupleWhereTheIntervalHasToHalve) {
  EXPECT_NEAR(static_cast<double>(*queries_to_settle(gap_of(6, 12))), 400, 1);   // towards gap
  EXPECT_NEAR(static_cast<double>(*queries_to_settle(gap_of(-6, 12))), 400, 1);  // reverse
  EXPECT_NEAR(static_cast<double>(*queries_to_settle(gap_of(0, 6))), 400, 1);    // towards no gap
}

TEST(QueriesToSettle, AreAbsentWithinATenthOfTheMarginFromItsEdge) {
  EXPECT_FALSE(queries_to_settle(gap_of(3, 4)));
  EXPECT_FALSE(queries_to_settle(gap_of(-2.71, 4)));
  EXPECT_FALSE(queries_to_settle(gap_of(3.29, 4)));
  EXPECT_TRUE(queries_to_settle(gap_of(2.69, 4)));
  EXPECT_TRUE(queries_to_settle(gap_of(3.31, 4)));
}

TEST(QueriesToSettle, DoSettleItWhenTheStudyIsRepeatedThatOften) {
  ArmCounts training, unmonitored;
  for (std::size_t i = 0; i < 20; ++i) {
    training.push_back({.successes = i % 4 == 0 ? 5u : 3u, .trials = 10});
    unmonitored.push_back({.successes = i % 5 == 0 ? 6u : 3u, .trials = 10});
  }
  const Finding finding = decide_verdict(training, unmonitored);
  ASSERT_EQ(finding.verdict, StudyVerdict::inconclusive);
  ArmCounts more_training, more_unmonitored;
  while (more_training.size() < *finding.queries_to_settle) {
    more_training.insert(more_training.end(), training.begin(), training.end());
    more_unmonitored.insert(more_unmonitored.end(), unmonitored.begin(), unmonitored.end());
  }
  EXPECT_NE(decide_verdict(more_training, more_unmonitored).verdict, StudyVerdict::inconclusive);
}

}  // namespace
}  // namespace iago
