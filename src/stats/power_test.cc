#include "stats/power.h"

#include <gtest/gtest.h>

#include <cmath>

#include "stats/strong_queries.h"
#include "testing/stats/decide.h"
#include "testing/stats/simulation.h"

namespace iago {
namespace {

// Share of simulated studies of this plan, with this gap, that end in `gap`.
double power_of(const StudyPlan& plan, double gap_points, int studies) {
  const Propensity a(plan.less_rate + gap_points / 100, plan.query_correlation),
      b(plan.less_rate, plan.query_correlation);
  Random random(11, "power");
  int found = 0;
  for (int i = 0; i < studies; ++i) {
    const SimulatedPair pair =
        simulate_pair(a, {.repeats = plan.repeats_more}, b, {.repeats = plan.repeats_less},
                      plan.queries, Tie::none, random);
    found += decide(pair.more, pair.less, plan.margin_points).verdict == StudyVerdict::gap;
  }
  return static_cast<double>(found) / studies;
}

TEST(MinimalDetectableGap, IsFoundByFourInFiveSimulatedStudies) {
  const StudyPlan plans[] = {
      {.queries = 200, .repeats_more = 10, .repeats_less = 10},
      {.queries = 50, .repeats_more = 10, .repeats_less = 10, .less_rate = 0.2},
      {.queries = 100, .repeats_more = 1, .repeats_less = 1, .less_rate = 0.5},
      {.queries = 20,
       .repeats_more = 10,
       .repeats_less = 3,
       .less_rate = 0.1,
       .query_correlation = 0.3}};
  for (const StudyPlan& plan : plans) {
    const auto gap = minimal_detectable_gap(plan);
    ASSERT_TRUE(gap);
    EXPECT_NEAR(power_of(plan, *gap, 1000), 0.8, 0.05)
        << *gap << " points, " << plan.queries << " queries";
  }
}

TEST(MinimalDetectableGap, FallsWithQueries) {
  StudyPlan plan{.queries = 25, .repeats_more = 5, .repeats_less = 5};
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
    const auto gap = minimal_detectable_gap(
        {.queries = 10'000'000, .repeats_more = 10, .repeats_less = 10, .margin_points = margin});
    ASSERT_TRUE(gap);
    EXPECT_NEAR(*gap, margin, 0.02);
  }
}

TEST(MinimalDetectableGap, IsAbsentWhereNothingWouldBeFound) {
  EXPECT_FALSE(minimal_detectable_gap({.queries = 1, .repeats_more = 9, .repeats_less = 9}));
  EXPECT_FALSE(minimal_detectable_gap(
      {.queries = 20, .repeats_more = 1, .repeats_less = 1, .less_rate = 0.97}));
}

TEST(PlannedPower, AgreesWithSimulatedStudiesForAGapAndForNone) {
  const StudyPlan plan{.queries = 200, .repeats_more = 10, .repeats_less = 10};
  const PlannedPower power = planned_power(plan, 3);
  EXPECT_NEAR(power.gap, power_of(plan, 3, 600), 0.08);
  const Propensity rate(plan.less_rate, plan.query_correlation);
  Random random(12, "no gap");
  int none = 0;
  for (int i = 0; i < 600; ++i) {
    const SimulatedPair pair = simulate_pair(rate, {}, rate, {}, 200, Tie::none, random);
    none += decide(pair.more, pair.less).verdict == StudyVerdict::no_gap;
  }
  EXPECT_NEAR(power.no_gap, none / 600.0, 0.05);
}

TEST(PlannedPower, IsNoneForNoGapWhereFewQueriesCouldHideOne) {
  const StudyPlan plan{.queries = 100, .repeats_more = 50, .repeats_less = 50};
  EXPECT_EQ(planned_power(plan, 5).no_gap, 0);
  EXPECT_GT(planned_power(plan, 10).gap, 0.5);
}

TEST(PlannedPower, FallsWithTheSpreadOfTopics) {
  const StudyPlan plan{.queries = 200, .repeats_more = 10, .repeats_less = 10};
  const PlannedPower alike = planned_power(plan, 5, PlannedGroups{10, 0});
  const PlannedPower spread = planned_power(plan, 5, PlannedGroups{10, 5});
  EXPECT_LT(spread.gap, alike.gap);
  EXPECT_LT(spread.no_gap, alike.no_gap);
  // By hand: 5 points over the root of 10 topics are 1.58, times Student's 2.262 for 9 is 3.58,
  // beyond the margin already.
  EXPECT_EQ(spread.no_gap, 0);
}

// An interval over groups says no more than the queries that it is made of.
TEST(PlannedPower, OverGroupsIsNeverMoreThanOverQueries) {
  for (const double rate : {0.0, 0.03, 0.2, 0.5, 0.9}) {
    for (const std::size_t queries : {50u, 200u, 400u}) {
      const StudyPlan plan{
          .queries = queries, .repeats_more = 10, .repeats_less = 10, .less_rate = rate};
      const auto over_queries = minimal_detectable_gap(plan);
      for (const PlannedGroups& groups :
           {PlannedGroups{2, 0}, PlannedGroups{3, 5}, PlannedGroups{5, 20}, PlannedGroups{50, 0}}) {
        for (const double gap : {0.5, 2.0, 5.0, 9.0}) {
          const PlannedPower with = planned_power(plan, gap, groups);
          const PlannedPower without = planned_power(plan, gap);
          EXPECT_LE(with.gap, without.gap) << rate << " " << queries << " " << groups.groups;
          EXPECT_LE(with.no_gap, without.no_gap) << rate << " " << queries << " " << groups.groups;
        }
        const auto over_groups = minimal_detectable_gap(plan, groups);
        if (!over_groups) continue;
        EXPECT_GE(*over_groups, *over_queries) << rate << " " << queries;
      }
    }
  }
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
  // Few would narrow the interval enough, but "no gap" has to exclude a hidden kind of query too.
  GapEstimate narrow = gap_of(0, 3.2);
  narrow.queries = 80;
  EXPECT_EQ(queries_to_settle(narrow), queries_to_exclude_hidden_gap());
  narrow = gap_of(20, 22);
  narrow.queries = 30;
  EXPECT_LT(*queries_to_settle(narrow), 40u) << "a gap needs no such number";
  EXPECT_FALSE(queries_to_settle(gap_of(-2.71, 4)));
  EXPECT_FALSE(queries_to_settle(gap_of(3.29, 4)));
  EXPECT_TRUE(queries_to_settle(gap_of(2.69, 4)));
  EXPECT_TRUE(queries_to_settle(gap_of(3.31, 4)));
}

TEST(QueriesToSettle, DoSettleItWhenTheStudyIsRepeatedThatOften) {
  ArmCounts more, less;
  for (std::size_t i = 0; i < 20; ++i) {
    more.push_back({.successes = i % 4 == 0 ? 5u : 3u, .trials = 10});
    less.push_back({.successes = i % 5 == 0 ? 6u : 3u, .trials = 10});
  }
  const Decision finding = decide(more, less);
  ASSERT_EQ(finding.verdict, StudyVerdict::inconclusive);
  ArmCounts more_more, more_less;
  while (more_more.size() < *finding.queries_to_settle) {
    more_more.insert(more_more.end(), more.begin(), more.end());
    more_less.insert(more_less.end(), less.begin(), less.end());
  }
  EXPECT_NE(decide(more_more, more_less).verdict, StudyVerdict::inconclusive);
}

// Of ten points to the end, six stay whatever is asked: the other eight have to come to four, so
// four times the queries make sqrt(36 + 16).
TEST(QueriesToSettle, LeaveWhatMoreQueriesDoNotNarrow) {
  GapEstimate gap;
  gap.points = std::sqrt(52.0), gap.ci95 = {gap.points - 10, gap.points + 10}, gap.queries = 100;
  EXPECT_NEAR(static_cast<double>(*queries_to_settle(gap, 3, {6, 6})), 400, 2);
  EXPECT_FALSE(queries_to_settle(gap, 3, {9, 9})) << "it alone holds 0 in it";
}

}  // namespace
}  // namespace iago
