#include "stats/strong_queries.h"

#include <gtest/gtest.h>

#include <cmath>

#include "stats/clustered.h"
#include "stats/gap.h"
#include "stats/rate.h"
#include "testing/stats/simulation.h"

namespace iago {
namespace {

TEST(LargestUnseenShare, IsMissedByAllQueriesWithJustThatChance) {
  for (std::size_t queries : {20u, 100u, 400u}) {
    const double share = largest_unseen_share(queries);
    EXPECT_NEAR(std::pow(1 - share, static_cast<double>(queries)), kUnseenChance, 1e-12);
  }
}

TEST(HiddenGap, IsExcludedFrom116QueriesOnAtTheUsualMargin) {
  EXPECT_EQ(queries_to_exclude_hidden_gap(), 116u);
  EXPECT_TRUE(may_hide_gap(115));
  EXPECT_FALSE(may_hide_gap(116));
  EXPECT_FALSE(may_hide_gap(queries_to_exclude_hidden_gap(10), 10));
  EXPECT_TRUE(may_hide_gap(queries_to_exclude_hidden_gap(10) - 1, 10));
}

ArmCounts base_and(std::size_t queries, std::size_t base, std::vector<std::size_t> strong) {
  ArmCounts arm(queries, {.successes = base, .trials = 10});
  for (std::size_t query : strong) arm[query].successes = 10;
  return arm;
}

TEST(Carriers, AreTheFewestQueriesThatCarryMoreThanHalfOfTheGap) {
  const ArmCounts less(100, {.successes = 1, .trials = 10});
  ArmCounts more = base_and(100, 1, {7, 42, 99});
  more[7].successes = 9;
  const Carriers carriers = carriers_of_half(more, less);
  EXPECT_EQ(carriers.queries, (std::vector<std::size_t>{42, 99}));
  EXPECT_NEAR(carriers.share, 18.0 / 26, 1e-12);
  EXPECT_LT(carriers.p_alike, 1e-6);
  EXPECT_TRUE(is_handful(carriers, 100));
}

TEST(Carriers, AreThoseOfAReverseGapToo) {
  const ArmCounts more(50, {.successes = 2, .trials = 10});
  EXPECT_EQ(carriers_of_half(more, base_and(50, 2, {3})).queries, (std::vector<std::size_t>{3}));
}

TEST(Carriers, AreNoHandfulWhereEveryQueryHasItsArmsRate) {
  Random random(3, "alike");
  const Propensity more(0.14, 0), less(0.03, 0);
  const SimulatedPair pair = simulate_pair(more, {}, less, {}, 200, Tie::none, random);
  const Carriers carriers = carriers_of_half(pair.more, pair.less);
  EXPECT_GT(carriers.share, 0.5);
  EXPECT_GT(carriers.p_alike, 0.001);
  EXPECT_FALSE(is_handful(carriers, 200));
}

TEST(Carriers, AreAbsentWithoutAGapOrData) {
  const ArmCounts same(5, {.successes = 1, .trials = 2});
  EXPECT_TRUE(carriers_of_half(same, same).queries.empty());
  EXPECT_TRUE(carriers_of_half(ArmCounts(5), same).queries.empty());
}

// For strong queries alone the steps are the queries and their number is known: Garwood's limits,
// half a count further out, at the levels of the two tails.
TEST(SteppedInterval, CountsTheStrongQueriesWhereThereIsNothingElse) {
  const ClusteredRate arm = clustered_rate(base_and(400, 0, {1, 2, 3, 4}));
  EXPECT_NEAR(arm.third_cumulant / arm.variance, 1 / 400.0, 5e-5);
  const Interval interval =
      stepped_interval(arm.rate, arm.variance, arm.third_cumulant, arm.critical);
  // Chi-square quantiles by hand: of 4 counts 1.09 to 10.24 at 95 %, so a little beyond these.
  EXPECT_LT(interval.lo * 400, 1.09);
  EXPECT_GT(interval.lo * 400, 0.4);
  EXPECT_GT(interval.hi * 400, 10.24);
  EXPECT_LT(interval.hi * 400, 13);
}

TEST(SteppedInterval, IsStudentsWhereNothingIsSkewedAndTurnsWithTheSign) {
  const Interval even = stepped_interval(0.5, 0.01, 0, 2);
  EXPECT_NEAR(even.lo, 0.3, 1e-12);
  EXPECT_NEAR(even.hi, 0.7, 1e-12);
  const Interval up = stepped_interval(0, 1e-4, 1e-6, 2),
                 down = stepped_interval(0, 1e-4, -1e-6, 2);
  EXPECT_DOUBLE_EQ(up.lo, -down.hi);
  EXPECT_DOUBLE_EQ(up.hi, -down.lo);
  EXPECT_GT(up.hi, -up.lo);
}

// A share of queries always complies; three of them are expected. Every family of bench/coverage
// has its cells in docs/results; this is the one that today's other intervals fail.
TEST(IntervalsOverQueries, CoverAFewStrongQueries) {
#ifdef __SANITIZE_ADDRESS__
  constexpr int kStudies = 200;
#else
  constexpr int kStudies = 3'000;
#endif
  for (std::size_t queries : {30u, 100u}) {
    const Propensity more = Propensity::strong(0.03, 3.0 / static_cast<double>(queries)),
                     less(0.03, 0);
    Random random(20261128, "strong");
    int rate = 0, gap = 0;
    for (int i = 0; i < kStudies; ++i) {
      const SimulatedPair pair = simulate_pair(more, {}, less, {}, queries, Tie::none, random);
      rate += estimate_rate(pair.more)->ci95.contains(more.mean());
      gap += estimate_gap_without_test(pair.more, pair.less)
                 ->ci95.contains(100 * (more.mean() - less.mean()));
    }
    EXPECT_GE(rate, 0.92 * kStudies) << queries;
    EXPECT_GE(gap, 0.92 * kStudies) << queries;
  }
}

TEST(IntervalsOverQueries, KeepAWidthWhereNoQueryDiffersBetweenTheArms) {
  const ArmCounts same = base_and(30, 0, {1, 2, 3});
  const auto gap = estimate_gap_without_test(same, same);
  EXPECT_LT(gap->ci95.lo, -9);
  EXPECT_GT(gap->ci95.hi, 9);
}

TEST(Unevenness, HasThePermutationTestsOwnPValueInASmallWorld) {
  // Two queries of two trials, two successes in all: both in one query in 2 of C(4, 2) = 6
  // dealings.
  const ArmCounts arm = {{2, 2, 0}, {0, 2, 0}};
  Random random(1, "small world");
  const Unevenness found = unevenness_of(arm, random, 20'000);
  ASSERT_TRUE(found.p_one_rate);
  EXPECT_NEAR(*found.p_one_rate, 2 / 6.0, 0.015);
  EXPECT_EQ(found.correlation, 1);
}

TEST(Unevenness, IsMarkedWhereAThirdOfTheQueriesAlwaysDoesSo) {
  ArmCounts arm;
  for (std::size_t i = 0; i < 60; ++i) arm.push_back({i % 3 == 0 ? 5u : 0u, 5, 0});
  Random random(2, "a third");
  EXPECT_TRUE(unevenness_of(arm, random).is_marked());
}

TEST(Unevenness, IsNotMarkedWhereQueriesVaryALittle) {
  const Propensity varies(0.14, 0.1);
  Random random(3, "varies");
  for (int i = 0; i < 40; ++i) {
    const SimulatedPair pair = simulate_pair(varies, {}, varies, {}, 200, Tie::none, random);
    const Unevenness found = unevenness_of(pair.more, random);
    EXPECT_NEAR(found.correlation, 0.1, 0.1);
    EXPECT_FALSE(found.is_marked());
  }
}

// A few events that fall together by chance make a large correlation, and no proof of it.
TEST(Unevenness, IsNotMarkedByAFewEvents) {
  ArmCounts arm(40, {0, 5, 0});
  arm[7].successes = 2;
  Random random(4, "few");
  const Unevenness found = unevenness_of(arm, random);
  EXPECT_GT(found.correlation, 0.2);
  EXPECT_FALSE(found.is_marked());
}

TEST(Unevenness, IsNoneWhereAllAreAlikeOrNoneWasRepeated) {
  Random random(5, "alike");
  for (const ArmCounts& arm :
       {ArmCounts(20, {0, 5, 0}), ArmCounts{{1, 1, 0}, {0, 1, 0}}, ArmCounts(3), ArmCounts()}) {
    EXPECT_EQ(unevenness_of(arm, random, 100).correlation, 0);
    EXPECT_FALSE(unevenness_of(arm, random, 100).p_one_rate);
  }
}

TEST(Unevenness, OfALargeArmIsThatOfAPart) {
  ArmCounts arm;
  for (std::size_t i = 0; i < 3'000; ++i) arm.push_back({i % 2 == 0 ? 20u : 0u, 20, 0});
  Random random(6, "large");
  EXPECT_TRUE(unevenness_of(arm, random, 1'000).is_marked());
}

// Where the cut falls among queries that differ alike, to name some of them would be chance.
TEST(Carriers, NameAllThatDifferAsMuchAsTheLastOfThem) {
  const ArmCounts less(120, {.successes = 0, .trials = 10});
  std::vector<std::size_t> strong;
  for (std::size_t i = 0; i < 24; ++i) strong.push_back(5 * i);
  const Carriers all = carriers_of_half(base_and(120, 0, strong), less);
  EXPECT_EQ(all.queries, strong);
  EXPECT_NEAR(all.share, 1, 1e-12);
  EXPECT_FALSE(is_handful(all, 120)) << "24 are no handful, though 13 carry more than half";
  // One that differs more comes first, and the rest of the half is a tie again.
  ArmCounts more = base_and(120, 0, {7});
  for (std::size_t i : {20, 30, 40, 50}) more[i].successes = 3;
  EXPECT_EQ(carriers_of_half(more, less).queries, (std::vector<std::size_t>{7, 20, 30, 40, 50}));
}

// Tenths do not add up exactly: 0.1 + 0.2 of 0.6 is half of it and no more.
TEST(Carriers, HaveMoreThanHalfWhateverRoundingAddsToIt) {
  const ArmCounts less(4, {.successes = 0, .trials = 10});
  ArmCounts more = less;
  more[0].successes = 3, more[1].successes = 2, more[2].successes = 1;
  EXPECT_EQ(carriers_of_half(more, less).queries, (std::vector<std::size_t>{0, 1}));
}

TEST(Unevenness, IsNothingThatCopiesOfOneAnswerCouldShow) {
  ArmCounts arm = base_and(60, 0, {1, 5, 9, 13, 17, 21, 25, 29, 33, 37, 41, 45});
  Random random(3, "uneven");
  EXPECT_TRUE(unevenness_of(arm, random).is_marked());
  for (QueryCounts& query : arm) query.copies = 10;
  const Unevenness found = unevenness_of(arm, random);
  EXPECT_EQ(found.correlation, 0);
  EXPECT_FALSE(found.is_marked());
}

// Three queries of one cluster carry all: that is one cluster of five, not three queries.
TEST(Carriers, OfClustersAreClusters) {
  ArmCounts more(20, {.trials = 10}), less = more;
  std::vector<std::size_t> clusters(20);
  for (std::size_t i = 0; i < 20; ++i) clusters[i] = 100 + i / 4;
  for (std::size_t i : {8u, 9u, 10u}) more[i].successes = 10;
  const Carriers carriers = carriers_of_half(more, less, clusters);
  EXPECT_EQ(carriers.queries, std::vector<std::size_t>{102});
  EXPECT_NEAR(carriers.share, 1, 1e-12);
  EXPECT_NEAR(carriers.least, 0.75, 1e-12);
  EXPECT_EQ(carriers_of_half(more, less).queries, (std::vector<std::size_t>{8, 9, 10}));
  EXPECT_TRUE(is_strong_handful(carriers_of_half(more, less), 20));
  more[9].successes = more[8].successes = 4;
  more[10].successes = 2;
  EXPECT_FALSE(is_strong_handful(carriers_of_half(more, less), 20));
}

}  // namespace
}  // namespace iago
