// Queries that were drawn together: an arm without an event, and how wording figures allow for it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "stats/clustered.h"
#include "stats/groups.h"
#include "stats/multiple.h"
#include "stats/on_these_queries.h"
#include "stats/ranking.h"
#include "stats/wordings.h"
#include "testing/stats/simulation.h"

namespace iago {
namespace {

constexpr std::size_t kSets = 20, kEach = 10;

Labels sets_of_queries(std::size_t queries, std::size_t each) {
  Labels labels(queries);
  for (std::size_t i = 0; i < queries; ++i) labels[i] = i / each;
  return labels;
}

// So many successes, each at another query of another set, as far as they go.
ArmCounts with_events(std::size_t events, std::size_t trials = 1, std::size_t sets = kSets) {
  ArmCounts arm(sets * kEach, {.trials = trials});
  for (std::size_t i = 0; i < events; ++i) {
    ++arm[(i % sets) * kEach + (i / sets) % kEach].successes;
  }
  return arm;
}

// What none of 20 clusters shows, a share of 1 - 0.05^(1 / 20) = 13.9 % of them may show; a little
// more, for Student's quantile. So a query's repeats, or a cluster's queries, never make it surer.
TEST(ArmWithoutAnEvent, IsNoSurerThanItsNumberOfClustersAllows) {
  const auto none = *estimate_rate_over(with_events(0), sets_of_queries(200, kEach));
  EXPECT_EQ(none.clusters, kSets);
  EXPECT_NEAR(none.effective_n, kSets * kEach / (1 + (kEach - 1) * kUnseenCorrelation), 1e-9);
  EXPECT_GT(none.ci95.hi, 1 - std::pow(0.05, 1.0 / kSets));
  EXPECT_LT(none.ci95.hi, 0.16);
  EXPECT_GT(none.ci95.hi, estimate_rate(with_events(0))->ci95.hi) << "but not so sure as queries";
  ArmCounts all = with_events(0);
  for (QueryCounts& query : all) query.successes = query.trials;
  const auto every = *estimate_rate_over(all, sets_of_queries(200, kEach));
  EXPECT_NEAR(1 - every.ci95.lo, none.ci95.hi, 1e-9);
}

// All of 20 clusters, or queries, differ by 100 points: others may do otherwise.
TEST(GapOver, IsNoSurerThanItsNumberOfClustersAllows) {
  const ArmCounts all(200, {.successes = 10, .trials = 10}), none(200, {.trials = 10});
  for (const std::size_t sets : {3u, 20u, 200u}) {
    const Labels labels = sets_of_queries(200, (200 + sets - 1) / sets);
    const Interval gap = *gap_interval_over(all, none, labels);
    EXPECT_EQ(gap.hi, 100);
    EXPECT_LT(gap.lo, 100 * std::pow(0.05, 1.0 / static_cast<double>(sets))) << sets;
    EXPECT_GT(gap.lo, sets == 3 ? 0 : 100 * std::pow(0.02, 1.0 / static_cast<double>(sets)));
  }
}

// Kish's number of equal sets: (sum of sizes)^2 over the sum of squares.
TEST(EffectiveUnits, AreTheNumberOfSetsOfOneSize) {
  std::vector<double> sizes(11, 1);
  EXPECT_NEAR(effective_units(sizes), 11, 1e-12);
  sizes[0] = 190;
  EXPECT_NEAR(effective_units(sizes), 40'000.0 / 36'110, 1e-12);
  EXPECT_EQ(effective_units({}), 0);
  EXPECT_EQ(degrees_of_freedom(20), 19);
  EXPECT_EQ(degrees_of_freedom(1), 0.25);
}

TEST(GapOver, KnowsHardlyAnythingFromOneLargeClusterAndTenSmallOnes) {
  ArmCounts more(200, {.successes = 10, .trials = 10});
  Labels labels(200);
  for (std::size_t i = 190; i < 200; ++i) labels[i] = i, more[i].successes = 0;
  const Interval gap = *gap_interval_over(more, ArmCounts(200, {.trials = 10}), labels);
  EXPECT_LT(gap.lo, -50);
  EXPECT_EQ(gap.hi, 100);
}

TEST(DeviatingNumbers, AreThoseBesideTheMostFrequentEnd) {
  EXPECT_EQ(count_deviating(std::vector<double>{1, 1, 1 + 1e-12, 0}), 1);
  EXPECT_EQ(count_deviating(std::vector<double>{0.5, 0, 0, -0.5, 0.5}), 3);
  EXPECT_EQ(count_deviating(std::vector<double>{0.1, 0.1, 0.1}), 3);
  EXPECT_EQ(count_deviating({}), 0);
}

TEST(ArmWithoutAnEvent, CountsEachQueryAtMostOnceAndEachClusterAtLeastOnce) {
  for (const std::size_t trials : {1u, 50u}) {
    const ArmCounts none(60, {.trials = trials});
    EXPECT_NEAR(estimate_rate_over(none, sets_of_queries(60, 1))->effective_n, 60, 1e-9);
    EXPECT_NEAR(estimate_rate_over(none, sets_of_queries(60, 60))->effective_n,
                std::min(60.0, 60.0 * trials / (1 + (60.0 * trials - 1) * kUnseenCorrelation)),
                1e-9);
    EXPECT_LE(estimate_rate_over(none, sets_of_queries(60, 2))->effective_n, 60);
    EXPECT_GE(estimate_rate_over(none, sets_of_queries(60, 2))->effective_n, 30);
  }
}

// Under two wordings a query is asked twice and stays one.
TEST(ArmWithoutAnEvent, IsNoSurerForAQueryUnderSeveralWordings) {
  const ArmCounts twice(80, {.trials = 1});
  Labels queries(80), sets(80);
  for (std::size_t i = 0; i < 80; ++i) queries[i] = i % 40, sets[i] = i % 40 / 4;
  EXPECT_NEAR(estimate_rate_over(twice, {queries, queries})->effective_n, 40, 1e-9);
  const double of_sets = estimate_rate_over(twice, {sets, queries})->effective_n;
  EXPECT_LE(of_sets, 40);
  EXPECT_GE(of_sets, 10);
}

TEST(GapOver, FindsAGapAgainstAnArmThatNeverComplies) {
  // 10 % against none, in 20 labs of ten queries. With 20 trials in `less` the interval has 0 in
  // it.
  const ArmCounts more = with_events(100, 5), less = with_events(0, 5);
  const Interval gap = *gap_interval_over(more, less, sets_of_queries(200, kEach));
  EXPECT_GT(gap.lo, 3);
  const Interval one_more =
      *gap_interval_over(more, with_events(10, 5), sets_of_queries(200, kEach));
  EXPECT_LT(one_more.lo, gap.hi);
}

TEST(ClusterSizes, SaysWhereAFewClustersHoldHalf) {
  const ArmCounts arm(40, {.successes = 1, .trials = 5});
  Labels labels(40);
  for (std::size_t i = 0; i < 40; ++i) labels[i] = i < 21 ? 0 : i;
  const ClusterSizes one = cluster_sizes(arm, arm, labels);
  EXPECT_EQ(one.clusters, 20u);
  EXPECT_EQ(one.hold_half, 1u);
  EXPECT_EQ(one.completions, 400u);
  EXPECT_TRUE(one.are_very_unequal());
  const ClusterSizes equal = cluster_sizes(arm, arm, sets_of_queries(40, 4));
  EXPECT_EQ(equal.hold_half, 5u);
  EXPECT_FALSE(equal.are_very_unequal());
  EXPECT_FALSE(cluster_sizes(ArmCounts(40), arm, labels).are_very_unequal()) << "no data";
}

// Labs whose queries resemble each other: the propensity is the lab's. Asked under two wordings.
struct LabStudy {
  std::vector<ContrastCounts> wordings;
  double gap = 0;  // points, true
};

LabStudy study_of_labs(const Propensity& more, const Propensity& less, Random& random) {
  LabStudy study{.wordings = std::vector<ContrastCounts>(2),
                 .gap = kPoints * (more.mean() - less.mean())};
  for (std::size_t lab = 0; lab < kSets; ++lab) {
    const auto place = static_cast<std::size_t>(random.uniform() * Propensity::kGrid);
    for (std::size_t query = 0; query < kEach; ++query) {
      for (ContrastCounts& counts : study.wordings) {
        counts.more.push_back({.successes = random.chance(more.at(place)), .trials = 1});
        counts.less.push_back({.successes = random.chance(less.at(place)), .trials = 1});
      }
    }
  }
  return study;
}

struct LabRates {
  double more, less;
};

class WordingsOverClusters : public testing::TestWithParam<LabRates> {};

TEST_P(WordingsOverClusters, CoverTheGapWhereLabsAreWhatWasDrawn) {
  const auto [more_rate, less_rate] = GetParam();
  const Propensity more(more_rate, 0.3), less(less_rate, 0.3);
  const Labels labs = sets_of_queries(kSets * kEach, kEach);
  Random random(41, "labs");
  constexpr int kStudies = 250;
  int mean = 0, each = 0, rate = 0;
  for (int i = 0; i < kStudies; ++i) {
    const LabStudy study = study_of_labs(more, less, random);
    mean += wording_mean_interval(study.wordings, kLevel, labs)->contains(study.gap);
    const auto simultaneous = simultaneous_intervals(study.wordings, labs);
    each += std::ranges::all_of(simultaneous,
                                [&](const auto& one) { return one->contains(study.gap); });
    rate += estimate_rate_over(study.wordings[0].less, labs)->ci95.contains(less.mean());
  }
  constexpr double kLeast = 0.93 * kStudies - 6;  // 1.5 standard errors of the simulation
  EXPECT_GE(mean, kLeast);
  EXPECT_GE(each, kLeast);
  EXPECT_GE(rate, kLeast);
}

INSTANTIATE_TEST_SUITE_P(Rates, WordingsOverClusters,
                         testing::Values(LabRates{0.15, 0.005}, LabRates{0.02, 0.02},
                                         LabRates{0.4, 0.3}));

TEST(WordingsOverClusters, AreThoseOverQueriesWhereEachClusterIsAQuery) {
  Random random(42, "labs");
  const LabStudy study = study_of_labs(Propensity(0.3, 0.2), Propensity(0.2, 0.2), random);
  const Labels own = sets_of_queries(kSets * kEach, 1);
  Random a(1, "x"), b(1, "x");
  const auto queries = *estimate_wording_mean(study.wordings, a);
  const auto clusters = *estimate_wording_mean(study.wordings, b, kSignFlipDraws, own);
  EXPECT_NEAR(queries.ci95.lo, clusters.ci95.lo, 1e-9);
  EXPECT_NEAR(queries.ci95.hi, clusters.ci95.hi, 1e-9);
  EXPECT_NEAR(queries.p_value, clusters.p_value, 1e-9);
  const auto spread = *estimate_spread_without_test(study.wordings);
  const auto spread_over = *estimate_spread_without_test(study.wordings, own);
  EXPECT_NEAR(spread.ci95.hi, spread_over.ci95.hi, 1e-6);
  const auto one = compare_gaps(study.wordings[0], study.wordings[1]);
  const auto over = compare_gaps(study.wordings[0], study.wordings[1], kLevel, own);
  EXPECT_NEAR(one->ci95.lo, over->ci95.lo, 1e-9);
  EXPECT_EQ(one->queries, over->queries);
}

TEST(WordingsOverClusters, AreTheContrastsOwnIntervalUnderOneWording) {
  Random random(43, "labs");
  const LabStudy study = study_of_labs(Propensity(0.5, 0.4), Propensity(0.1, 0.01), random);
  const Labels labs = sets_of_queries(kSets * kEach, kEach);
  const ContrastCounts& only = study.wordings[0];
  const Interval own = *gap_interval_over(only.more, only.less, labs);
  EXPECT_EQ(*interval_of_wording(only, kLevel, labs), own);
  EXPECT_EQ(*simultaneous_intervals({&only, 1}, labs)[0], own);
  EXPECT_GT(own.width(), gap_interval(only.more, only.less, kLevel)->width());
}

// All of the wordings' differences lie within labs, which one wording suits and another does not.
TEST(WordingsOverClusters, DoNotTakeALabsTasteForADifferenceOfWordings) {
  std::vector<ContrastCounts> wordings(2);
  for (std::size_t lab = 0; lab < 8; ++lab) {
    for (std::size_t query = 0; query < 25; ++query) {
      for (std::size_t j = 0; j < 2; ++j) {
        const bool suits = lab < 6 ? j == 0 : j == 1;
        wordings[j].more.push_back({.successes = suits ? 4u : 0u, .trials = 4});
        wordings[j].less.push_back({.successes = 0, .trials = 4});
      }
    }
  }
  Random a(3, "taste"), b(3, "taste");
  EXPECT_LT(estimate_spread(wordings, a)->p_alike, 0.01);
  EXPECT_GT(estimate_spread(wordings, b, kAlikeDraws, sets_of_queries(200, 25))->p_alike, 0.05);
}

}  // namespace
}  // namespace iago
