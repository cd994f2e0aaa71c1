#include "stats/on_these_queries.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "stats/gap.h"
#include "stats/rate.h"
#include "testing/stats/goldens.h"
#include "testing/stats/simulation.h"

namespace iago {
namespace {

// 20 queries that share these events.
ArmCounts shared(std::size_t events, std::size_t trials_each, std::size_t queries = 20) {
  ArmCounts arm(queries, {.trials = trials_each});
  for (std::size_t i = 0; i < events; ++i) ++arm[i % queries].successes;
  return arm;
}

TEST(RateOnTheseQueries, IsClopperAndPearsonsOfStatsmodelsWhereRepeatsAreEqual) {
  for (const Json& row : read_goldens("intervals")) {
    const std::size_t x = row["successes"], n = row["trials"];
    if (x == 0 || x == n) continue;
    // One query: all answers are draws of one chance, and nothing is known of others.
    const QueryCounts query{.successes = x, .trials = n};
    const ArmCounts once(n - x, {.trials = 1});
    ArmCounts arm = once;
    arm.insert(arm.end(), x, {.successes = 1, .trials = 1});
    const auto interval = rate_on_these_queries(arm, row["level"]);
    ASSERT_TRUE(interval);
    EXPECT_NEAR(interval->lo, row["clopper_pearson"][0].get<double>(), 1e-9);
    EXPECT_NEAR(interval->hi, row["clopper_pearson"][1].get<double>(), 1e-9);
    EXPECT_GT(rate_on_these_queries({&query, 1}, row["level"])->width(), 0);
  }
}

TEST(RateOnTheseQueries, HoldsAtRatesOfOneInAHundredThousand) {
  const auto interval = rate_on_these_queries(shared(19, 4'999));
  EXPECT_NEAR(interval->lo, 0.00011, 0.00001);
  EXPECT_NEAR(interval->hi, 0.00030, 0.00001);
}

TEST(RateOnTheseQueries, IsTheRuleOfThreeWithoutAnEvent) {
  const auto none = rate_on_these_queries(shared(0, 100));
  EXPECT_EQ(none->lo, 0);
  EXPECT_NEAR(none->hi, 1 - std::pow(0.05, 1 / 2'000.0), 1e-12);
  EXPECT_LT(none->hi, 0.002);
  const auto all = rate_on_these_queries(shared(2'000, 100));
  EXPECT_NEAR(all->lo, 1 - none->hi, 1e-12);
  EXPECT_EQ(all->hi, 1);
}

TEST(RateOnTheseQueries, IsTheMirrorImageForFailures) {
  const ArmCounts arm = {
      {.successes = 1, .trials = 9}, {.successes = 0, .trials = 2}, {.successes = 3, .trials = 4}};
  ArmCounts failures = arm;
  for (QueryCounts& query : failures) query.successes = query.trials - query.successes;
  const auto a = rate_on_these_queries(arm), b = rate_on_these_queries(failures);
  EXPECT_NEAR(a->lo, 1 - b->hi, 1e-12);
  EXPECT_NEAR(a->hi, 1 - b->lo, 1e-12);
}

TEST(RateOnTheseQueries, NarrowsWithRepeatsWhereTheOneOverQueriesDoesNot) {
  const auto few = estimate_rate(shared(0, 10)), many = estimate_rate(shared(0, 1'000));
  EXPECT_LT(many->on_these_queries.width(), 0.02 * few->on_these_queries.width());
  EXPECT_GE(few->ci95.hi, 0.14);
  EXPECT_GE(many->ci95.hi, 0.14);
  EXPECT_EQ(many->population, Population::queries_like_these);
}

TEST(RateOnTheseQueries, IsAbsentWithoutATrial) {
  EXPECT_FALSE(rate_on_these_queries(ArmCounts(3)));
  EXPECT_FALSE(gap_on_these_queries(ArmCounts{{.successes = 1, .trials = 1}, {}},
                                    ArmCounts{{}, {.successes = 1, .trials = 1}}));
}

struct FixedQueries {
  std::vector<double> more, less;  // each query's own rate
  std::size_t repeats_more, repeats_less;
  bool is_unequal = false;  // query i has 1 to `repeats` answers by its place
};

QueryCounts draw_fixed(double rate, std::size_t repeats, std::size_t at, bool is_unequal,
                       Random& random) {
  QueryCounts query;
  query.trials = is_unequal ? 1 + at % repeats : repeats;
  for (std::size_t i = 0; i < query.trials; ++i) query.successes += random.chance(rate);
  return query;
}

double mean_rate(const std::vector<double>& x) {
  return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
}

TEST(OnTheseQueries, CoverFixedQueriesOfAnyKind) {
  std::vector<double> mixed(20, 0.02), strong(20, 0.01);
  for (std::size_t i = 0; i < 10; ++i) mixed[i] = 0.3;
  strong[3] = 1;
  const FixedQueries kinds[] = {
      {std::vector<double>(20, 1e-4), std::vector<double>(20, 1e-4), 1'000, 1'000},
      {std::vector<double>(20, 0.0015), std::vector<double>(20, 0.003), 100, 50},
      {mixed, std::vector<double>(20, 0.1), 5, 5},
      {strong, mixed, 7, 9, true},
      {strong, strong, 1, 1}};
  Random random(5, "fixed queries");
  for (const FixedQueries& kind : kinds) {
    constexpr int kStudies = 1'000;
    int rate = 0, gap = 0;
    for (int study = 0; study < kStudies; ++study) {
      ArmCounts more, less;
      for (std::size_t i = 0; i < kind.more.size(); ++i) {
        more.push_back(draw_fixed(kind.more[i], kind.repeats_more, i, kind.is_unequal, random));
        less.push_back(draw_fixed(kind.less[i], kind.repeats_less, i, kind.is_unequal, random));
      }
      rate += rate_on_these_queries(more)->contains(mean_rate(kind.more));
      gap += gap_on_these_queries(more, less)
                 ->contains(100 * (mean_rate(kind.more) - mean_rate(kind.less)));
    }
    EXPECT_GE(rate, 0.93 * kStudies - 16) << kind.more[0] << " " << kind.repeats_more;
    EXPECT_GE(gap, 0.93 * kStudies - 16) << kind.more[0] << " " << kind.repeats_more;
  }
}

TEST(GapOnTheseQueries, IsNeverBeyondTheOneOverQueriesInAnEstimate) {
  const Propensity more(0.3, 0.4), less(0.2, 0.4);
  Random random(6, "nested");
  for (int study = 0; study < 50; ++study) {
    const SimulatedPair pair = simulate_pair(more, {}, less, {}, 30, Tie::same, random);
    const auto gap = estimate_gap_without_test(pair.more, pair.less);
    EXPECT_GE(gap->on_these_queries.lo, gap->ci95.lo);
    EXPECT_LE(gap->on_these_queries.hi, gap->ci95.hi);
    EXPECT_TRUE(gap->on_these_queries.contains(gap->points));
  }
}

TEST(Population, HasItsWords) {
  EXPECT_EQ(name_of(Population::these_queries), "on these queries");
  EXPECT_EQ(name_of(Population::queries_like_these), "over queries like these");
  EXPECT_EQ(name_of(Population::clusters_like_these), "over clusters like these");
  EXPECT_EQ(name_of(Population::groups_like_these), "over groups like these");
}

TEST(RateOnTheseQueries, CountsCopiesOfAnAnswerAsOne) {
  ArmCounts copied(40, {.trials = 10}), once(40, {.trials = 1});
  for (std::size_t i : {3, 8, 21}) copied[i].successes = 10, once[i].successes = 1;
  const Interval as_drawn = *rate_on_these_queries(copied);
  for (QueryCounts& query : copied) query.copies = 10;
  const Interval found = *rate_on_these_queries(copied), expected = *rate_on_these_queries(once);
  EXPECT_NEAR(found.lo, expected.lo, 1e-9);
  EXPECT_NEAR(found.hi, expected.hi, 1e-9);
  EXPECT_GT(found.width(), 2 * as_drawn.width());
  const ArmCounts none(40, {.trials = 10, .copies = 10});
  EXPECT_NEAR(rate_on_these_queries(none)->hi, 1 - std::pow(0.05, 1.0 / 40), 1e-9);
  const Interval gap = *gap_on_these_queries(copied, none);
  const Interval gap_once = *gap_on_these_queries(once, ArmCounts(40, {.trials = 1}));
  EXPECT_NEAR(gap.lo, gap_once.lo, 1e-9);
  EXPECT_NEAR(gap.hi, gap_once.hi, 1e-9);
}

TEST(RateOnTheseQueries, IsBetweenTheTwoWhereSomeRepeatsAreCopies) {
  ArmCounts arm(40, {.successes = 2, .trials = 10});
  const double none = rate_on_these_queries(arm)->width();
  for (QueryCounts& query : arm) query.copies = 5;
  const double some = rate_on_these_queries(arm)->width();
  for (QueryCounts& query : arm) query.copies = 10;
  EXPECT_LT(none, some);
  EXPECT_LT(some, rate_on_these_queries(arm)->width());
}

}  // namespace
}  // namespace iago
