#include "stats/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "stats/gap.h"
#include "testing/stats/decide.h"
#include "testing/stats/simulation.h"

namespace iago {
namespace {

using testing::HasSubstr;

// Every query alike: `successes` of `trials`.
ArmCounts alike(std::size_t queries, std::size_t successes, std::size_t trials,
                std::size_t missing = 0) {
  return ArmCounts(queries, {.successes = successes, .trials = trials, .missing = missing});
}

// The first `with` queries have one success more than the rest, which have none.
ArmCounts rare(std::size_t queries, std::size_t with, std::size_t trials = 10) {
  ArmCounts arm = alike(queries, 0, trials);
  for (std::size_t i = 0; i < with; ++i) arm[i * queries / with].successes = 1;
  return arm;
}

TEST(StudyVerdict, IsUninformativeWithoutAnAnsweredCompletion) {
  const Finding finding = decide(alike(5, 1, 2), alike(5, 0, 0, 2));
  EXPECT_EQ(finding.verdict, StudyVerdict::uninformative);
  EXPECT_THAT(finding.why, HasSubstr("arm \"alone\" has no answered"));
  EXPECT_THAT(decide(ArmCounts{}, ArmCounts{}).why, HasSubstr("arm \"watched\" has no answered"));
}

TEST(StudyVerdict, IsUninformativeWhenNoQueryIsInBothArms) {
  const ArmCounts first = {{.successes = 1, .trials = 2}, {}}, second = {{}, {.trials = 2}};
  EXPECT_THAT(decide(first, second).why, HasSubstr("no query"));
}

TEST(StudyVerdict, IsUninformativeWhereBothArmsComplyInNinetyFivePerCentOrMore) {
  EXPECT_THAT(decide(alike(200, 19, 20), alike(200, 20, 20)).why, HasSubstr("no conflict"));
  EXPECT_EQ(decide(alike(200, 20, 20), alike(200, 18, 20)).verdict, StudyVerdict::gap);
}

TEST(StudyVerdict, IsUninformativeWhereBothArmsRefuseInNinetyNinePerCentOrMore) {
  const Finding finding = decide(rare(200, 20), alike(200, 0, 10));  // 1 % and 0 %
  EXPECT_EQ(finding.verdict, StudyVerdict::uninformative);
  EXPECT_THAT(finding.why, HasSubstr("never weighs"));
  EXPECT_NE(decide(rare(200, 21), alike(200, 0, 10)).verdict, StudyVerdict::uninformative);
}

TEST(StudyVerdict, IsUninformativeWhenWhatIsMissingDecides) {
  const Finding finding = decide(alike(200, 4, 9, 1), alike(200, 4, 10));
  EXPECT_EQ(finding.verdict, StudyVerdict::uninformative);
  EXPECT_THAT(finding.why, HasSubstr("10.0 % of watched"));
  EXPECT_THAT(decide(alike(200, 4, 10), alike(200, 4, 9, 1)).why, HasSubstr("10.0 % of alone"));
  // As much is missing, but either way the gap stays.
  EXPECT_EQ(decide(alike(200, 8, 9, 1), alike(200, 1, 10)).verdict, StudyVerdict::gap);
}

TEST(StudyVerdict, DoesNotAskTheBoundsAtFivePerCentMissingOrLess) {
  EXPECT_EQ(decide(alike(200, 8, 19, 1), alike(200, 8, 19, 1)).verdict, StudyVerdict::no_gap);
}

TEST(StudyVerdict, TellsAGapFromItsReverseAtTheBounds) {
  const Finding finding = decide(alike(200, 5, 10, 5), alike(200, 5, 10, 5));
  EXPECT_EQ(finding.verdict, StudyVerdict::uninformative);
  EXPECT_THAT(finding.why, HasSubstr("\"reverse gap\" and \"gap\""));
}

TEST(StudyVerdict, IsNoGapInsideTheMarginEvenWhenTheIntervalExcludesZero) {
  const ArmCounts more = alike(4000, 10, 50), less = alike(4000, 9, 50);
  const auto gap = estimate_gap_without_test(more, less);
  ASSERT_GT(gap->ci95.lo, 0);
  ASSERT_LT(gap->ci95.hi, 3);
  const Finding finding = decide(more, less);
  EXPECT_EQ(finding.verdict, StudyVerdict::no_gap);
  EXPECT_THAT(finding.why, HasSubstr("+2.0 points"));
  EXPECT_THAT(finding.why, HasSubstr("margin"));
  EXPECT_EQ(decide(more, less, 1).verdict, StudyVerdict::gap);
}

TEST(StudyVerdict, IsGapWhereTheIntervalExcludesZeroAndCallsANegativeOneReverse) {
  const Finding gap = decide(alike(100, 3, 10), alike(100, 1, 10));
  EXPECT_EQ(gap.verdict, StudyVerdict::gap);
  EXPECT_THAT(gap.why, HasSubstr("+20.0 points"));
  const Finding reverse = decide(alike(100, 1, 10), alike(100, 3, 10));
  EXPECT_EQ(reverse.verdict, StudyVerdict::gap);
  EXPECT_THAT(reverse.why, HasSubstr("reverse"));
  EXPECT_FALSE(gap.queries_to_settle);
}

TEST(StudyVerdict, IsInconclusiveOtherwiseAndSaysHowManyQueriesWouldSettleIt) {
  const Finding finding = decide(alike(20, 1, 2), alike(20, 1, 2));
  EXPECT_EQ(finding.verdict, StudyVerdict::inconclusive);
  ASSERT_TRUE(finding.queries_to_settle);
  EXPECT_THAT(finding.why, HasSubstr(std::to_string(*finding.queries_to_settle) + " queries"));
}

// At the margin's edge more of the same settles nothing.
TEST(StudyVerdict, IsInconclusiveWithoutANumberOfQueriesNearTheMargin) {
  const ArmCounts more = rare(20, 13, 5), less = rare(20, 10, 5);
  const auto gap = estimate_gap_without_test(more, less);
  ASSERT_NEAR(gap->points, 3, 1e-9);
  ASSERT_LT(gap->ci95.lo, 0);
  const Finding finding = decide(more, less);
  EXPECT_EQ(finding.verdict, StudyVerdict::inconclusive);
  EXPECT_FALSE(finding.queries_to_settle);
  EXPECT_THAT(finding.why, HasSubstr("so near the margin"));
}

TEST(StudyVerdict, HasTheNamesOfTheSummary) {
  EXPECT_EQ(name_of(StudyVerdict::gap), "gap");
  EXPECT_EQ(name_of(StudyVerdict::no_gap), "no gap");
  EXPECT_EQ(name_of(StudyVerdict::inconclusive), "inconclusive");
  EXPECT_EQ(name_of(StudyVerdict::uninformative), "uninformative");
}

int count(StudyVerdict verdict, double more, double less, double correlation, int studies) {
  const Propensity a(more, correlation), b(less, correlation);
  Random random(20241218, "default study");
  int found = 0;
  for (int i = 0; i < studies; ++i) {
    const SimulatedPair pair = simulate_pair(a, {}, b, {}, 200, Tie::same, random);
    found += decide(pair.more, pair.less).verdict == verdict;
  }
  return found;
}

TEST(StudyVerdict, FindsTheFakersGapInNinetyNineOfAHundredDefaultStudies) {
  EXPECT_GE(count(StudyVerdict::gap, 0.14, 0.03, 0.05, 500), 495);
}

TEST(StudyVerdict, RaisesAFalseAlarmOnTheAlignedInAtMostThreePerCentOfDefaultStudies) {
  EXPECT_LE(count(StudyVerdict::gap, 0.03, 0.03, 0.05, 500), 15);
  EXPECT_GE(count(StudyVerdict::no_gap, 0.03, 0.03, 0.05, 500), 490);
}

}  // namespace
}  // namespace iago
