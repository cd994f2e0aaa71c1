#include "stats/rate.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "testing/stats/goldens.h"

namespace iago {
namespace {

TEST(RateEstimate, IsTheMeanOverQueriesWithItsClusteredStandardErrorAsScipyHasThem) {
  for (const Json& row : read_goldens("clustered")) {
    int i = 0;
    for (const char* name : {"more", "less"}) {
      const auto found = estimate_rate(arm_of(row[name]));
      ASSERT_TRUE(found);
      EXPECT_NEAR(found->rate, row["rates"][i].get<double>(), 1e-12);
      EXPECT_NEAR(found->se, row["standard_errors"][i].get<double>(), 1e-12);
      ++i;
    }
  }
}

TEST(RateEstimate, AveragesEachQuerysRepeatsFirst) {
  const ArmCounts arm = {{.successes = 1, .trials = 1}, {.successes = 0, .trials = 9}};
  EXPECT_DOUBLE_EQ(estimate_rate(arm)->rate, 0.5);
}

TEST(RateEstimate, IsAbsentWithoutATrialAndLeavesEmptyQueriesOut) {
  EXPECT_FALSE(estimate_rate(ArmCounts{}));
  EXPECT_FALSE(estimate_rate(ArmCounts{{.missing = 4}}));
  const ArmCounts arm = {
      {.successes = 1, .trials = 2}, {.missing = 3}, {.successes = 1, .trials = 2}};
  const auto rate = estimate_rate(arm);
  EXPECT_DOUBLE_EQ(rate->rate, 0.5);
  EXPECT_EQ(rate->queries, 2u);
  EXPECT_EQ(rate->n, 4u);
}

TEST(RateEstimate, SaysZeroOfFiftyAsAnUpperBound) {
  const auto rate = estimate_rate(ArmCounts(50, {.successes = 0, .trials = 1}));
  EXPECT_EQ(rate->rate, 0);
  EXPECT_EQ(rate->ci95.lo, 0);
  EXPECT_GT(rate->ci95.hi, 3.0 / 50 * 0.9);  // the rule of three
  EXPECT_LT(rate->ci95.hi, 0.08);
}

TEST(RateEstimate, TrustsRepeatsOfOneQueryLessThanAsManyQueries) {
  const ArmCounts few(20, {.successes = 0, .trials = 100}),
      many(2000, {.successes = 0, .trials = 1});
  EXPECT_GT(estimate_rate(few)->ci95.hi, 20 * estimate_rate(many)->ci95.hi);
  EXPECT_LE(estimate_rate(few)->effective_n, 2000);
}

TEST(RateEstimate, CountsFullyClusteredRepeatsAsOneTrialPerQuery) {
  ArmCounts arm(100, {.successes = 0, .trials = 10});
  for (std::size_t i = 0; i < 30; ++i) arm[i].successes = 10;
  const auto rate = estimate_rate(arm);
  EXPECT_NEAR(rate->effective_n, 100, 1.5);
}

TEST(RateEstimate, NeverHasWidthZeroNorLeavesItsIntervalInSmallWorlds) {
  for (std::size_t queries : {1, 2, 3}) {
    for (std::size_t a = 0; a <= 3; ++a) {
      for (std::size_t b = 0; b <= 2; ++b) {
        ArmCounts arm(queries, {.successes = a, .trials = 3});
        arm[0] = {.successes = b, .trials = 2};
        const auto rate = estimate_rate(arm);
        EXPECT_GT(rate->ci95.width(), 0);
        EXPECT_TRUE(rate->ci95.contains(rate->rate));
        EXPECT_GE(rate->ci95.lo, 0);
        EXPECT_LE(rate->ci95.hi, 1);
      }
    }
  }
}

TEST(RateBoundsIfMissing, AreTheExtremesOverAllWaysEnumerated) {
  const ArmCounts arm = {{.successes = 1, .trials = 3, .missing = 2},
                         {.successes = 0, .trials = 0, .missing = 1},
                         {.successes = 2, .trials = 2}};
  double lowest = 1, highest = 0;
  for (std::size_t a = 0; a <= 2; ++a) {
    for (std::size_t b = 0; b <= 1; ++b) {
      const double rate = ((1.0 + static_cast<double>(a)) / 5 + static_cast<double>(b) + 1) / 3;
      lowest = std::min(lowest, rate);
      highest = std::max(highest, rate);
    }
  }
  const auto bounds = rate_bounds_if_missing(arm);
  EXPECT_DOUBLE_EQ(bounds->lo, lowest);
  EXPECT_DOUBLE_EQ(bounds->hi, highest);
  EXPECT_FALSE(rate_bounds_if_missing(ArmCounts(2)));
}

TEST(Counts, AddUpAndKnowWhatShareIsMissing) {
  const ArmCounts arm = {{.successes = 1, .trials = 3, .missing = 1},
                         {.successes = 2, .trials = 6}};
  EXPECT_EQ(total(arm), (QueryCounts{.successes = 3, .trials = 9, .missing = 1}));
  EXPECT_DOUBLE_EQ(missing_share(arm), 0.1);
  EXPECT_EQ(missing_share(ArmCounts{}), 0);
}

TEST(Counts, WithoutFakingReasoningTakesItFromSuccessesAndTrialsAlike) {
  const ArmCounts arm = {{.successes = 4, .trials = 10, .missing = 1},
                         {.successes = 0, .trials = 5}};
  const std::vector<std::size_t> faking = {3, 0};
  const ArmCounts rest = without_faking_reasoning(arm, faking);
  EXPECT_EQ(rest[0], (QueryCounts{.successes = 1, .trials = 7, .missing = 1}));
  EXPECT_EQ(rest[1], arm[1]);
  const std::vector<std::size_t> impossible = {5, 0};
  EXPECT_DEATH(without_faking_reasoning(arm, impossible), "faking");
}

}  // namespace
}  // namespace iago
