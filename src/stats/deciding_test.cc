#include "stats/deciding.h"

#include <gtest/gtest.h>

#include "stats/gap.h"
#include "testing/stats/simulation.h"

namespace iago {
namespace {

ArmCounts each_with(std::size_t queries, std::size_t successes, std::size_t trials,
                    std::size_t missing = 0) {
  return ArmCounts(queries, {.successes = successes, .trials = trials, .missing = missing});
}

// Imbens and Manski's equation by hand: no distance leaves the two-sided value, a long one the
// one-sided; in between, Phi(-1.8) is 0.03593, and Phi(1.8 + 0.39552) is 0.98593.
TEST(CriticalBetweenBounds, GoesFromTwoSidedToOneSided) {
  EXPECT_NEAR(critical_between_bounds(0), 1.95996, 1e-4);
  EXPECT_NEAR(critical_between_bounds(50), 1.64485, 1e-4);
  EXPECT_NEAR(critical_between_bounds(0.39552), 1.8, 1e-3);
  EXPECT_LT(critical_between_bounds(0.5), critical_between_bounds(0.4));
}

TEST(DecidingInterval, IsTheGapsOwnWhereNothingIsMissing) {
  Random random(1, "whole");
  const Propensity more(0.3, 0.1), less(0.2, 0.1);
  const SimulatedPair pair = simulate_pair(more, {}, less, {}, 40, Tie::same, random);
  const auto deciding = deciding_gap_interval({pair.more, pair.less});
  const auto gap = estimate_gap_without_test(pair.more, pair.less);
  ASSERT_TRUE(deciding);
  EXPECT_DOUBLE_EQ(deciding->interval.lo, gap->ci95.lo);
  EXPECT_DOUBLE_EQ(deciding->interval.hi, gap->ci95.hi);
  EXPECT_EQ(deciding->level, kLevel);
}

TEST(DecidingInterval, ReachesBeyondBothBounds) {
  const ContrastCounts counts{each_with(100, 2, 8, 2), each_with(100, 1, 10)};
  const auto deciding = deciding_gap_interval(counts);
  EXPECT_NEAR(deciding->bounds.lo, 10, 1e-9);
  EXPECT_NEAR(deciding->bounds.hi, 30, 1e-9);
  EXPECT_LT(deciding->interval.lo, 10);
  EXPECT_GT(deciding->interval.hi, 30);
  EXPECT_NEAR(deciding->level, 0.9, 0.01);
}

// The plain union of the intervals at the two bounds would reach 0 here.
TEST(DecidingInterval, LetsOneTruncatedAnswerOfFourThousandTurnNothing) {
  ArmCounts more(200, {.successes = 1, .trials = 10}), less = more;
  for (std::size_t i = 0; i < 200; ++i) {
    if (i % 8 == 0) more[i].successes = 2;
  }
  std::size_t at = 0;
  while (estimate_gap_without_test(more, less)->ci95.lo > 0.3) more[8 * at++].successes = 1;
  for (std::size_t query : {1u, 77u, 199u}) {
    for (auto* arm : {&more, &less}) {
      ArmCounts changed = *arm;
      changed[query].trials -= 1;
      changed[query].successes = 0;
      changed[query].missing = 1;
      const ContrastCounts counts =
          arm == &more ? ContrastCounts{changed, less} : ContrastCounts{more, changed};
      const auto answered = gap_interval(counts.more, counts.less, kLevel);
      const auto deciding = deciding_gap_interval(counts);
      EXPECT_GT(answered->lo, 0);
      EXPECT_GT(deciding->interval.lo, 0) << query;
    }
  }
}

TEST(DecidingInterval, CoversWhateverTheMissingWouldHaveSaid) {
  // A tenth of the arm `more` is cut off, and would all have complied, or none of it.
  const Propensity more(0.3, 0.1), less(0.3, 0.1);
  Random random(2, "cut off");
  constexpr int kStudies = 1'000;
  for (const bool would_comply : {true, false}) {
    int covered = 0;
    for (int i = 0; i < kStudies; ++i) {
      SimulatedPair pair = simulate_pair(more, {}, less, {}, 60, Tie::none, random);
      double truth = 0;
      for (QueryCounts& query : pair.more) {
        const std::size_t cut = would_comply
                                    ? std::min<std::size_t>(1, query.successes)
                                    : std::min<std::size_t>(1, query.trials - query.successes);
        query.missing = cut;
        query.trials -= cut;
        query.successes -= would_comply ? cut : 0;
      }
      truth = 100 * (more.mean() - less.mean());
      covered += deciding_gap_interval({pair.more, pair.less})->interval.contains(truth);
    }
    EXPECT_GE(covered, 930) << would_comply;
  }
}

TEST(DecidingInterval, IsAbsentWhereNoQueryHasAnythingInBothArms) {
  EXPECT_FALSE(deciding_gap_interval({each_with(3, 0, 0), each_with(3, 1, 2)}));
}

}  // namespace
}  // namespace iago
