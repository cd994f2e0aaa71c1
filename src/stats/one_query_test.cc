#include "stats/one_query.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace iago {
namespace {

QueryCounts of(std::size_t successes, std::size_t trials) {
  return {.successes = successes, .trials = trials};
}

// Table II of Newcombe (1998), Statistics in Medicine 17:873, method 10.
TEST(QueryDifference, IsAsNewcombePrintsIt) {
  struct Row {
    QueryCounts a, b;
    double lo, hi;
  };
  for (const Row& row :
       {Row{of(56, 70), of(48, 80), 0.0524, 0.3339}, Row{of(9, 10), of(3, 10), 0.1705, 0.8090},
        Row{of(6, 7), of(2, 7), 0.0582, 0.8062}, Row{of(5, 56), of(0, 29), -0.0381, 0.1926},
        Row{of(0, 10), of(0, 20), -0.1611, 0.2775}, Row{of(0, 10), of(0, 10), -0.2775, 0.2775},
        Row{of(10, 10), of(0, 20), 0.6791, 1.0000}, Row{of(10, 10), of(0, 10), 0.6075, 1.0000}}) {
    auto found = estimate_query_difference(row.a, row.b);
    ASSERT_TRUE(found);
    EXPECT_NEAR(found->ci95.lo, 100 * row.lo, 0.006) << row.a.successes << " of " << row.a.trials;
    EXPECT_NEAR(found->ci95.hi, 100 * row.hi, 0.006) << row.a.successes << " of " << row.a.trials;
    EXPECT_TRUE(found->ci95.contains(found->points));
  }
}

TEST(QueryRate, SpeaksOfThatQueryAloneAndNotOfAPopulation) {
  auto rate = estimate_query_rate(of(0, 50));
  ASSERT_TRUE(rate);
  EXPECT_EQ(rate->rate, 0);
  EXPECT_EQ(rate->ci95.lo, 0);
  // Half the chance of none in 50 is the tail: (1 - hi)^50 = 0.05.
  EXPECT_NEAR(rate->ci95.hi, 1 - std::pow(0.05, 1.0 / 50), 1e-9);
  EXPECT_LT(rate->ci95.hi, estimate_rate(std::vector{of(0, 50)})->ci95.hi / 5);
}

TEST(QueryRate, IsAbsentWithoutATrial) {
  EXPECT_FALSE(estimate_query_rate({.missing = 3}));
  EXPECT_FALSE(estimate_query_difference(of(1, 2), {.missing = 3}));
  EXPECT_FALSE(estimate_query_difference({}, of(1, 2)));
}

// Every outcome of two small samples weighed by its chance: the coverage is exact, not simulated.
TEST(QueryDifference, CoversTheTruthNearlyAsOftenAsItSays) {
  constexpr std::size_t kTrials = 50;
  auto chance = [](std::size_t k, double p) {
    return std::exp(std::lgamma(kTrials + 1.0) - std::lgamma(k + 1.0) -
                    std::lgamma(kTrials - k + 1.0) + static_cast<double>(k) * std::log(p) +
                    static_cast<double>(kTrials - k) * std::log1p(-p));
  };
  for (auto [p, q] : {std::pair{0.1, 0.1}, std::pair{0.3, 0.05}, std::pair{0.5, 0.2}}) {
    double covered = 0;
    for (std::size_t i = 0; i <= kTrials; ++i) {
      for (std::size_t j = 0; j <= kTrials; ++j) {
        bool holds =
            estimate_query_difference(of(i, kTrials), of(j, kTrials))->ci95.contains(100 * (p - q));
        covered += holds ? chance(i, p) * chance(j, q) : 0;
      }
    }
    EXPECT_GT(covered, 0.93) << p << " - " << q;
    EXPECT_LT(covered, 0.985) << p << " - " << q;
  }
}

}  // namespace
}  // namespace iago
