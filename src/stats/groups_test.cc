#include "stats/groups.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "testing/stats/goldens.h"
#include "testing/stats/simulation.h"

namespace iago {
namespace {

Labels blocks(std::size_t queries, std::size_t each) {
  Labels labels(queries);
  for (std::size_t i = 0; i < queries; ++i) labels[i] = i / each;
  return labels;
}

Labels each_own(std::size_t queries) { return blocks(queries, 1); }

TEST(RateOver, ClustersOfOneQueryIsTheRateOverQueries) {
  Random random(1, "one each");
  const Propensity more(0.2, 0.2), less(0.1, 0.2);
  const SimulatedPair pair = simulate_pair(more, {}, less, {}, 40, Tie::same, random);
  const auto rate = estimate_rate(pair.more), over = estimate_rate_over(pair.more, each_own(40));
  EXPECT_NEAR(rate->ci95.lo, over->ci95.lo, 1e-9);
  EXPECT_NEAR(rate->ci95.hi, over->ci95.hi, 1e-9);
  const auto gap = estimate_gap_without_test(pair.more, pair.less);
  const auto gap_over = estimate_gap_over_without_test(pair.more, pair.less, each_own(40));
  EXPECT_NEAR(gap->ci95.lo, gap_over->ci95.lo, 1e-9);
  EXPECT_NEAR(gap->ci95.hi, gap_over->ci95.hi, 1e-9);
  EXPECT_EQ(gap_over->population, Population::clusters_like_these);
  EXPECT_EQ(gap_over->clusters, 40u);
}

// By an independent formula, computed by numpy: the ratio estimator's variance over clusters.
TEST(GapOver, HasTheStandardErrorOfTheRatioEstimator) {
  for (const Json& row : read_goldens("over_clusters")) {
    const ArmCounts more = arm_of(row["more"]), less = arm_of(row["less"]);
    const Labels labels = row["labels"];
    const auto gap = estimate_gap_over_without_test(more, less, labels);
    EXPECT_NEAR(gap->points, 100 * row["gap"].get<double>(), 1e-10);
    EXPECT_NEAR(gap->se_paired, 100 * row["se"].get<double>(), 1e-10);
    EXPECT_NEAR(estimate_rate_over(more, labels)->se, row["se_more"].get<double>(), 1e-12);
  }
}

TEST(GapOver, FlipsTheSignsOfWholeClusters) {
  const ArmCounts more(12, {.successes = 3, .trials = 4}), less(12, {.successes = 1, .trials = 4});
  Random random(2, "flips");
  EXPECT_NEAR(estimate_gap_over(more, less, blocks(12, 3), random)->p_value, 2 / 16.0, 1e-12);
  EXPECT_NEAR(estimate_gap(more, less, random)->p_value, 2 / 4096.0, 1e-12);
}

const Propensity& known(double rate) {
  static std::map<double, Propensity> rates;
  const auto at = rates.find(rate);
  return at != rates.end() ? at->second : rates.emplace(rate, Propensity(rate, 0.05)).first->second;
}

// Ten topics of 20 queries each, with gaps of their own.
SimulatedPair topics(std::span<const double> gaps, Random& random) {
  SimulatedPair all;
  for (double gap : gaps) {
    const SimulatedPair pair =
        simulate_pair(known(0.2 + gap), {}, known(0.2), {}, 20, Tie::same, random);
    all.more.insert(all.more.end(), pair.more.begin(), pair.more.end());
    all.less.insert(all.less.end(), pair.less.begin(), pair.less.end());
  }
  return all;
}

TEST(GapOver, GroupsLikeTheseCoversTheMeanOverThePopulationOfTopics) {
  Random random(3, "topics");
  constexpr int kStudies = 400;
  int over_topics = 0, over_queries = 0;
  for (int study = 0; study < kStudies; ++study) {
    std::vector<double> gaps(10);
    for (double& gap : gaps) gap = random.chance(0.5) ? 0.2 : 0;
    const SimulatedPair pair = topics(gaps, random);
    over_topics += gap_interval_over(pair.more, pair.less, blocks(200, 20))->contains(10);
    over_queries += gap_interval(pair.more, pair.less, kLevel)->contains(10);
  }
  EXPECT_GE(over_topics, 0.93 * kStudies - 8);
  EXPECT_LE(over_queries, 0.75 * kStudies);
}

TEST(CompareGroups, NamesTheOneTopicThatDiffers) {
  Random random(4, "one topic");
  std::vector<double> gaps(10);
  gaps[6] = 0.2;
  const SimulatedPair pair = topics(gaps, random);
  const GroupComparison found = compare_groups(pair.more, pair.less, blocks(200, 20), {}, random);
  EXPECT_LE(found.p_alike, 0.01);
  ASSERT_EQ(found.groups.size(), 10u);
  for (const GroupGap& group : found.groups) {
    EXPECT_EQ(group.differs(), group.group == 6) << group.group;
    EXPECT_LT(group.simultaneous95.lo, group.gap.ci95.lo + 1e-9);
  }
  EXPECT_GT(found.groups[6].to_rest, 10);
  EXPECT_GT(found.sd, 3);
}

TEST(CompareGroups, NamesNoneWhereAllAreAlikeInNinetyFivePerCent) {
  Random random(5, "alike");
  constexpr int kStudies = 300;
  int alike = 0, named = 0;
  for (int study = 0; study < kStudies; ++study) {
    const SimulatedPair pair = topics(std::vector<double>(10, 0.1), random);
    const GroupComparison found =
        compare_groups(pair.more, pair.less, blocks(200, 20), {}, random, 200);
    alike += found.p_alike > 0.05;
    named += std::ranges::any_of(found.groups, [](const auto& group) { return group.differs(); });
  }
  EXPECT_GE(alike, 0.95 * kStudies - 8);
  EXPECT_LE(named, 0.05 * kStudies + 8);
}

// All dealings of five queries to groups of two and three.
TEST(CompareGroups, HasThePermutationTestsOwnPValueInASmallWorld) {
  ArmCounts more, less(5, {.successes = 0, .trials = 4});
  for (std::size_t successes : {4u, 3u, 0u, 1u, 0u}) {
    more.push_back({.successes = successes, .trials = 4});
  }
  const Labels groups = {0, 0, 1, 1, 1};
  const double seen = 7.0 / 8 - 1.0 / 12;
  int extreme = 0, all = 0;
  for (std::size_t i = 0; i < 5; ++i) {
    for (std::size_t j = i + 1; j < 5; ++j) {
      const double two = static_cast<double>(more[i].successes + more[j].successes);
      extreme += std::abs(two / 8 - (8 - two) / 12) >= seen - 1e-9;
      ++all;
    }
  }
  Random random(6, "small world");
  const GroupComparison found = compare_groups(more, less, groups, {}, random, 20'000);
  EXPECT_NEAR(found.p_alike, static_cast<double>(extreme) / all, 0.01);
  EXPECT_NEAR(found.groups[0].p_to_rest, static_cast<double>(extreme) / all, 0.01);
}

TEST(CompareGroups, DealsOutWholeClusters) {
  // Two clusters in each of two groups, all queries of a cluster alike: only 4! / (2! 2!) dealings.
  ArmCounts more, less(40, {.successes = 0, .trials = 5});
  for (std::size_t i = 0; i < 40; ++i) more.push_back({.successes = i < 20 ? 5u : 0u, .trials = 5});
  Random random(7, "clusters");
  const GroupComparison found =
      compare_groups(more, less, blocks(40, 20), blocks(40, 10), random, 5'000);
  EXPECT_NEAR(found.p_alike, 2 / 6.0, 0.03);
  EXPECT_LT(compare_groups(more, less, blocks(40, 20), {}, random).p_alike, 0.01);
  EXPECT_EQ(found.groups[0].gap.population, Population::clusters_like_these);
}

TEST(CompareGroups, HasNothingToCompareInASingleGroup) {
  const ArmCounts arm(4, {.successes = 1, .trials = 2});
  Random random(8, "single");
  const GroupComparison found = compare_groups(arm, arm, Labels(4, 9), {}, random);
  ASSERT_EQ(found.groups.size(), 1u);
  EXPECT_EQ(found.groups[0].group, 9u);
  EXPECT_EQ(found.p_alike, 1);
  EXPECT_FALSE(found.groups[0].differs());
}

// Ten topics of 20 queries; in one of them nearly all answers, or a tenth of them, were cut off.
TEST(GroupComparison, NamesNoGroupForSureThatWhatIsMissingCouldExplain) {
  ArmCounts more(200), less(200);
  const auto compare = [&](const QueryCounts& in_topic) {
    for (std::size_t i = 0; i < 200; ++i) {
      more[i] = i / 20 == 3 ? in_topic : QueryCounts{.successes = i % 2, .trials = 10};
      less[i] = {.successes = (i + 1) % 2, .trials = 10};
    }
    Random random(7, "cut off");
    return compare_groups(more, less, blocks(200, 20), {}, random).groups[3];
  };
  const GroupGap mostly = compare({.successes = 1, .trials = 1, .missing = 9});
  EXPECT_TRUE(mostly.seems_to_differ());
  EXPECT_TRUE(mostly.is_lost_by_missing);
  EXPECT_FALSE(mostly.differs());
  const GroupGap hardly = compare({.successes = 9, .trials = 9, .missing = 1});
  EXPECT_FALSE(hardly.is_lost_by_missing);
  EXPECT_TRUE(hardly.differs());
}

}  // namespace
}  // namespace iago
