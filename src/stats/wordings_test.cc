#include "stats/wordings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "testing/stats/goldens.h"
#include "testing/stats/simulated_wordings.h"

namespace iago {
namespace {

ContrastCounts same_rates(std::size_t queries, std::size_t more, std::size_t less,
                          std::size_t trials) {
  return {ArmCounts(queries, {.successes = more, .trials = trials}),
          ArmCounts(queries, {.successes = less, .trials = trials})};
}

std::vector<ContrastCounts> simulated_wordings(std::size_t wordings, std::size_t queries,
                                               const WordingDesign& design = {.wording_sd = 0.5,
                                                                              .repeats = 3}) {
  Random random(11, "wordings");
  return WordingPopulation(design).draw(wordings, queries, random).wordings;
}

// ---- against statsmodels, scipy and numpy ----

TEST(Wordings, AgreeWithAnAnalysisOfVarianceOfAFullTable) {
  for (const Json& row : read_goldens("full_tables")) {
    const auto wordings = wordings_of(row.at("wordings"));
    Random random(1, "goldens");
    const auto mean = estimate_wording_mean(wordings, random);
    ASSERT_TRUE(mean);
    EXPECT_NEAR(mean->points, 100 * row.at("mean").get<double>(), 1e-9);
    EXPECT_NEAR(mean->se_paired, 100 * row.at("se").get<double>(), 1e-9);
    EXPECT_EQ(mean->complete_queries, mean->queries);
    if (!row.at("p_value").is_null()) {
      EXPECT_NEAR(mean->p_value, row.at("p_value").get<double>(), 1e-9);
    }
    const auto spread = estimate_spread_without_test(wordings);
    ASSERT_TRUE(spread);
    EXPECT_NEAR(spread->sd, 100 * row.at("sd").get<double>(), 1e-9);
    const auto crossed = estimate_crossed_gap(wordings);
    ASSERT_EQ(crossed.has_value(), wordings.size() >= kWordingsForPopulation);
    if (crossed) {
      EXPECT_NEAR(crossed->se_wordings, 100 * row.at("se_wordings").get<double>(), 1e-9);
    }
  }
}

TEST(Wordings, AgreeWithThePairwiseCovarianceOfATableWithHoles) {
  for (const Json& row : read_goldens("tables_with_holes")) {
    const auto wordings = wordings_of(row.at("wordings"));
    const auto mean = estimate_wording_mean_without_test(wordings);
    EXPECT_NEAR(mean->points, 100 * row.at("mean").get<double>(), 1e-9);
    EXPECT_NEAR(mean->se_paired, 100 * row.at("se").get<double>(), 1e-9);
    EXPECT_EQ(mean->complete_queries, row.at("complete").get<std::size_t>());
    EXPECT_NEAR(estimate_spread_without_test(wordings)->sd, 100 * row.at("sd").get<double>(), 1e-9);
  }
}

TEST(Wordings, HaveThePValuesOfTheirDifferencesToTheReferenceAdjustedByHolm) {
  for (const Json& row : read_goldens("full_tables")) {
    if (row.at("holm").empty()) continue;
    Random random(1, "goldens");
    const auto gaps = compare_wordings(wordings_of(row.at("wordings")), random);
    EXPECT_FALSE(gaps[0].to_reference || gaps[0].test || gaps[0].holm_p);
    for (std::size_t j = 1; j < gaps.size(); ++j) {
      EXPECT_NEAR(gaps[j].test->p_value, row.at("p_to_reference")[j - 1].get<double>(), 1e-9);
      EXPECT_NEAR(*gaps[j].holm_p, row.at("holm")[j - 1].get<double>(), 1e-9);
    }
  }
}

TEST(TestOfAlikeWordings, AgreesWithAllOrdersWithinItsStatedError) {
  for (const Json& row : read_goldens("alike")) {
    Random random(3, "alike");
    const auto spread = estimate_spread(wordings_of(row.at("wordings")), random, 20'000);
    EXPECT_GT(spread->p_alike_error, 0);
    EXPECT_NEAR(spread->p_alike, row.at("p_value").get<double>(), 4 * spread->p_alike_error);
  }
}

// ---- the mean ----

TEST(WordingMean, OfOneWordingIsItsGapToTheLastBit) {
  const auto wordings = simulated_wordings(1, 30);
  Random first(2, "p"), second(2, "p");
  const auto mean = estimate_wording_mean(wordings, first);
  const auto gap = estimate_gap(wordings[0].more, wordings[0].less, second);
  EXPECT_EQ(mean->points, gap->points);
  EXPECT_EQ(mean->ci95, gap->ci95);
  EXPECT_EQ(mean->se_paired, gap->se_paired);
  EXPECT_EQ(mean->p_value, gap->p_value);
  EXPECT_EQ(mean->bounds_if_missing, gap->bounds_if_missing);
  EXPECT_EQ(mean->queries, gap->queries);
  EXPECT_EQ(mean->n_more, gap->n_more);
}

// The same completions under two names say nothing new about the queries.
TEST(WordingMean, IsNoSurerForAWordingThatIsGivenTwice) {
  const auto one = simulated_wordings(1, 60, {.more = 0.6, .less = 0.3, .repeats = 10});
  const auto gap = estimate_gap_without_test(one[0].more, one[0].less);
  const auto mean = estimate_wording_mean_without_test(std::vector{one[0], one[0]});
  EXPECT_NEAR(mean->points, gap->points, 1e-9);
  EXPECT_NEAR(mean->se_paired, gap->se_paired, 1e-9);
  EXPECT_NEAR(mean->ci95.lo, gap->ci95.lo, 0.1);
  EXPECT_NEAR(mean->ci95.hi, gap->ci95.hi, 0.1);
}

TEST(WordingMean, IsTheMeanOfTheGapsThatAreShownWhateverIsMissing) {
  const auto wordings = simulated_wordings(12, 20, {.wording_sd = 1, .repeats = 1, .missing = 0.4});
  Random random(1, "gaps");
  double sum = 0;
  for (const WordingGap& gap : compare_wordings(wordings, random)) sum += gap.gap->points;
  const auto mean = estimate_wording_mean(wordings, random);
  EXPECT_NEAR(mean->points, sum / 12, 1e-9);
  EXPECT_EQ(mean->complete_queries, 0u) << "so a mean over complete queries would be absent";
  EXPECT_TRUE(mean->ci95.contains(mean->points));
  EXPECT_LE(mean->bounds_if_missing.lo, mean->points);
  EXPECT_GE(mean->bounds_if_missing.hi, mean->points);
}

TEST(WordingMean, LeavesOutAWordingWithoutData) {
  auto wordings = simulated_wordings(3, 20);
  const auto before = estimate_wording_mean_without_test(wordings);
  wordings.push_back({ArmCounts(20), ArmCounts(20, {.successes = 1, .trials = 1})});
  const auto after = estimate_wording_mean_without_test(wordings);
  EXPECT_EQ(after->wordings, 3u);
  EXPECT_EQ(after->points, before->points);
  EXPECT_EQ(after->ci95, before->ci95);
  EXPECT_FALSE(estimate_wording_mean_without_test(std::vector{wordings.back()}));
  EXPECT_FALSE(estimate_wording_mean_without_test({}));
}

TEST(WordingMean, NeverHasWidthZero) {
  for (std::size_t queries : {1, 2, 20}) {
    for (std::size_t more : {0, 3, 5}) {
      const std::vector wordings(3, same_rates(queries, more, 0, 5));
      const auto mean = estimate_wording_mean_without_test(wordings);
      EXPECT_GT(mean->ci95.width(), 0);
      EXPECT_TRUE(mean->ci95.contains(mean->points));
      EXPECT_GE(mean->ci95.lo, -100);
      EXPECT_LE(mean->ci95.hi, 100);
    }
  }
}

// Fewer queries under one wording leave fewer degrees of freedom to all.
TEST(WordingMean, IsWiderWhereOneWordingHasFewQueries) {
  auto wordings = simulated_wordings(4, 40);
  const auto full = estimate_wording_mean_without_test(wordings);
  for (std::size_t i = 3; i < 40; ++i) wordings[2].more[i] = {};
  const auto less = estimate_wording_mean_without_test(wordings);
  EXPECT_EQ(less->complete_queries, 3u);
  EXPECT_GT(less->ci95.width(), full->ci95.width());
}

// ---- one by one ----

TEST(SimultaneousIntervals, AreTheGapsOwnAtTheLevelDividedByTheirNumber) {
  auto wordings = simulated_wordings(5, 30);
  wordings.push_back({ArmCounts(30), ArmCounts(30)});
  const auto intervals = simultaneous_intervals(wordings);
  for (std::size_t j = 0; j < 5; ++j) {
    EXPECT_EQ(intervals[j], gap_interval(wordings[j].more, wordings[j].less, 0.99));
  }
  EXPECT_FALSE(intervals[5]) << "and takes no share of the 5 %";
}

TEST(WordingGaps, SayHowEachDiffersFromTheReference) {
  const auto wordings = simulated_wordings(4, 30);
  Random random(4, "compare");
  const auto gaps = compare_wordings(wordings, random);
  for (std::size_t j = 1; j < 4; ++j) {
    const auto pair = compare_gaps(wordings[j], wordings[0], 1 - 0.05 / 3);
    EXPECT_EQ(gaps[j].to_reference->a, j);
    EXPECT_EQ(gaps[j].to_reference->b, 0u);
    EXPECT_EQ(gaps[j].to_reference->points, pair->points);
    EXPECT_EQ(gaps[j].to_reference->simultaneous95, pair->simultaneous95);
    EXPECT_NEAR(pair->points, gaps[j].gap->points - gaps[0].gap->points, 1e-9);
    EXPECT_GE(*gaps[j].holm_p, gaps[j].test->p_value);
  }
}

TEST(WordingGaps, AreAbsentWithoutDataAndDoNotCountInTheFamily) {
  auto wordings = simulated_wordings(2, 30);
  wordings.push_back({ArmCounts(30), ArmCounts(30)});
  Random random(4, "compare");
  const auto gaps = compare_wordings(wordings, random);
  EXPECT_FALSE(gaps[2].gap || gaps[2].to_reference || gaps[2].test || gaps[2].holm_p);
  EXPECT_EQ(*gaps[1].holm_p, gaps[1].test->p_value);
}

// ---- the spread ----

TEST(Spread, OfEqualWordingsIsNoneAndStillHasAWidth) {
  for (std::size_t successes : {0, 2, 4}) {
    Random random(5, "alike");
    const auto spread =
        estimate_spread(std::vector(4, same_rates(30, successes, 0, 4)), random, 500);
    EXPECT_EQ(spread->sd, 0);
    EXPECT_EQ(spread->ci95.lo, 0);
    EXPECT_GT(spread->ci95.hi, 0.5);
    EXPECT_EQ(spread->p_alike, 1);
  }
}

TEST(Spread, OfWordingsFarApartIsSurelyAboveZero) {
  const std::vector wordings = {same_rates(50, 8, 1, 10), same_rates(50, 1, 1, 10),
                                same_rates(50, 5, 1, 10)};
  Random random(5, "apart");
  const auto spread = estimate_spread(wordings, random, 500);
  EXPECT_NEAR(spread->sd, 35.1, 0.1);  // of 70, 0 and 40
  EXPECT_GT(spread->ci95.lo, 20);
  EXPECT_LT(spread->ci95.hi, 50);
  EXPECT_NEAR(spread->p_alike, 1.0 / 501, 1e-12);
}

// Of two wordings T is the square of one difference over 2, and the interval inverts Student's t
// of its size: the chance of a size at most |d| is the one between -|d| and |d|.
TEST(Spread, OfTwoWordingsInvertsStudentsT) {
  const auto wordings =
      simulated_wordings(2, 200, {.more = 0.5, .less = 0.2, .wording_sd = 1.5, .repeats = 10});
  const auto pair = compare_gaps(wordings[0], wordings[1]);
  const auto spread = estimate_spread_without_test(wordings);
  const double far = std::abs(pair->points), reach = student_critical(199) * pair->se_paired;
  ASSERT_GT(far, 2 * reach) << "far enough for the other tail to vanish";
  EXPECT_NEAR(spread->ci95.lo, (far - reach) / std::sqrt(2), 0.15);
  EXPECT_NEAR(spread->ci95.hi, (far + reach) / std::sqrt(2), 0.15);
}

TEST(Spread, IsAbsentWithFewerThanTwoWordingsOrQueries) {
  EXPECT_FALSE(estimate_spread_without_test(simulated_wordings(1, 20)));
  EXPECT_FALSE(estimate_spread_without_test(simulated_wordings(3, 1)));
  EXPECT_TRUE(estimate_spread_without_test(simulated_wordings(2, 2)));
}

// ---- wordings like these ----

TEST(CrossedGap, IsGivenFromTenWordingsOnAndNeverNarrowerThanTheFixedMean) {
  EXPECT_FALSE(estimate_crossed_gap(simulated_wordings(9, 30)));
  for (std::size_t wordings : {10, 25}) {
    for (double sd : {0.0, 1.0}) {
      const auto counts = simulated_wordings(wordings, 30, {.wording_sd = sd, .repeats = 2});
      const auto crossed = estimate_crossed_gap(counts);
      const auto mean = estimate_wording_mean_without_test(counts);
      EXPECT_EQ(crossed->points, mean->points);
      EXPECT_LE(crossed->ci95.lo, mean->ci95.lo);
      EXPECT_GE(crossed->ci95.hi, mean->ci95.hi);
      EXPECT_EQ(crossed->wordings, wordings);
    }
  }
}

TEST(Carriers, HaveAFloorThatNoIntervalCanGoBelow) {
  EXPECT_NEAR(chance_of_meeting_none(0.05, 10), 0.5987, 1e-4);
  EXPECT_EQ(chance_of_meeting_none(0, 10), 1);
  EXPECT_EQ(chance_of_meeting_none(1, 10), 0);
  EXPECT_NEAR(largest_share_unmet(10), 0.2589, 1e-4);
  EXPECT_NEAR(chance_of_meeting_none(largest_share_unmet(25), 25), 0.05, 1e-12);
  EXPECT_NEAR(chance_of_meeting_none(largest_share_unmet(4, 0.2), 4), 0.2, 1e-12);
}

// ---- coverage: the thinned form of bench/wordings ----

#ifdef __SANITIZE_ADDRESS__
constexpr int kWordingStudies = 20;  // looks for what sanitizers see, not for coverage
#else
constexpr int kWordingStudies = 150;
#endif

TEST(WordingIntervals, CoverInNormalFamilies) {
  const double least = 0.93 - 3 * std::sqrt(0.93 * 0.07 / kWordingStudies);
  for (const double rate : {0.5, 0.14}) {
    const WordingPopulation population(
        {.more = rate, .less = 0.1, .wording_sd = 0.6, .repeats = 3});
    for (std::size_t wordings : {10, 25}) {
      Random random(6, "coverage");
      double mean = 0, spread = 0, crossed = 0;
      for (int i = 0; i < kWordingStudies; ++i) {
        const WordingStudy study = population.draw(wordings, 20, random);
        mean += estimate_wording_mean_without_test(study.wordings)->ci95.contains(study.mean());
        spread += estimate_spread_without_test(study.wordings)->ci95.contains(study.sd());
        crossed += estimate_crossed_gap(study.wordings)->ci95.contains(population.mean_gap());
      }
      EXPECT_GE(mean / kWordingStudies, least) << rate << ", " << wordings;
      EXPECT_GE(spread / kWordingStudies, least) << rate << ", " << wordings;
      EXPECT_GE(crossed / kWordingStudies, least) << rate << ", " << wordings;
    }
  }
}

}  // namespace
}  // namespace iago
