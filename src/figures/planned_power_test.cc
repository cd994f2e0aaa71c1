#include "figures/planned_power.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace iago {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

PowerQuestion question(std::size_t queries = 200, double less_rate = 0.03) {
  return {
      .study = {.queries = queries, .repeats_more = 10, .repeats_less = 10, .less_rate = less_rate},
      .less = "unmonitored"};
}

std::string text_of(const PowerQuestion& question) {
  return power_text(question, power_over(question));
}

TEST(PlannedPowers, AreThoseOfTheRoomOfStatistics) {
  const PowerQuestion asked = question();
  const auto found = power_over(asked);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].detectable_points, minimal_detectable_gap(asked.study));
  EXPECT_EQ(found[0].no_gap, planned_power(asked.study, 4).no_gap);
  EXPECT_GT(found[0].no_gap, 0.5);
  EXPECT_FALSE(found[0].units_needed);
  EXPECT_THAT(
      text_of(asked),
      AllOf(
          HasSubstr(
              "200 queries x 10 repeats, over queries like these:\n  80 % power to find a gap of "),
          HasSubstr("% power to say \"no gap\" if there is none"),
          HasSubstr("(if 3 % comply in unmonitored, and completions of one query "
                    "correlate by 0.05)")));
}

TEST(PlannedPowers, SayHowManyQueriesNoGapNeeds) {
  const auto found = power_over(question(100));
  EXPECT_EQ(found[0].no_gap, 0);
  EXPECT_EQ(found[0].units_needed, 116u);
  EXPECT_THAT(text_of(question(100)),
              HasSubstr("\"no gap\" cannot be said: with fewer than 116 queries"));
}

TEST(PlannedPowers, KnowThatArmsAlikeAtTheEndsAreUninformative) {
  for (double rate : {0.0, 0.01, 0.96, 1.0}) {
    const PowerQuestion asked = question(400, rate);
    EXPECT_EQ(power_over(asked)[0].no_gap, 0) << rate;
    EXPECT_THAT(text_of(asked), HasSubstr("uninformative")) << rate;
  }
}

TEST(PlannedPowers, SayWhyThereIsNoGapToFindWhereAllComplyAlready) {
  PowerQuestion asked = question(200, 1);
  asked.groups = PlannedSets{"topic", 10};
  for (const PowerOver& power : power_over(asked)) EXPECT_FALSE(power.detectable_points);
  EXPECT_THAT(text_of(asked),
              HasSubstr("no gap to find: if all comply in unmonitored, no arm can show more"));
  EXPECT_THAT(text_of(question(200, 0.999)), HasSubstr("the largest possible is 0.1 points"));
}

TEST(PlannedPowers, PromiseNothingFromASingleCluster) {
  PowerQuestion asked = question();
  asked.clusters = PlannedSets{"author", 1};
  const auto found = power_over(asked);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_FALSE(found[0].detectable_points);
  EXPECT_EQ(found[0].no_gap, 0);
  EXPECT_EQ(found[0].units_needed, 116u);
}

TEST(PlannedPowers, OfClustersDecideInPlaceOfTheQueries) {
  PowerQuestion asked = question();
  asked.clusters = PlannedSets{"author", 40};
  const auto found = power_over(asked);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].population, Population::clusters_like_these);
  EXPECT_EQ(found[0].units, 40u);
  EXPECT_EQ(found[0].units_needed, 116u);
  EXPECT_GT(*found[0].detectable_points, *power_over(question())[0].detectable_points);
  EXPECT_THAT(text_of(asked), AllOf(HasSubstr("over clusters like these (40 by author"),
                                    HasSubstr("with fewer than 116 clusters")));
  asked.groups = asked.clusters;
  EXPECT_EQ(power_over(asked).size(), 1u) << "the same sets are said once";
  asked.groups.reset();
  asked.clusters->sets = 150;
  EXPECT_FALSE(power_over(asked)[0].units_needed);
}

TEST(PlannedPowers, OfGroupsStandBesideThoseOfTheQueries) {
  PowerQuestion asked = question();
  asked.groups = PlannedSets{"topic", 10};
  const auto found = power_over(asked);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].population, Population::queries_like_these);
  EXPECT_EQ(found[1].population, Population::groups_like_these);
  EXPECT_GT(*found[1].detectable_points, *found[0].detectable_points);
  EXPECT_LT(found[1].no_gap, found[0].no_gap);
  asked.set_sd_points = 1;
  EXPECT_LT(*power_over(asked)[1].detectable_points, *found[1].detectable_points);
  EXPECT_THAT(text_of(asked),
              HasSubstr("the same, over groups like these (10 by topic, if their gaps "
                        "differ by a standard deviation of 1 points)"));
  EXPECT_THAT(text_of(asked), HasSubstr(" % chance that the interval over groups like these lies "
                                        "inside the margin if there is no gap\n"));
  asked.set_sd_points = 8;
  EXPECT_THAT(text_of(asked), HasSubstr("\n  0 % chance that the interval over groups like these "
                                        "lies inside the margin, even if there is no gap\n"));
  asked.groups->sets = 1;
  EXPECT_EQ(power_over(asked).size(), 1u) << "one topic is no population";
}

// The smallest gap is one that planned_power finds with just this power.
TEST(PlannedPowers, FindTheirSmallestGapWithEightyPerCent) {
  PowerQuestion asked = question();
  asked.groups = PlannedSets{"topic", 10};
  const double gap = *power_over(asked)[1].detectable_points;
  EXPECT_NEAR(planned_power(asked.study, gap, PlannedGroups{10, asked.set_sd_points}).gap, kPower,
              1e-6);
}

TEST(PlannedPowers, StandInThePlanForMachines) {
  PowerQuestion asked = question(100);
  asked.clusters = PlannedSets{"author", 40};
  const Json json = to_json(power_over(asked)[0]);
  EXPECT_EQ(json["over"], "over clusters like these");
  EXPECT_EQ(json["by"], "author");
  EXPECT_EQ(json["units"], 40);
  EXPECT_EQ(json["no_gap_power"], 0);
  EXPECT_EQ(json["units_needed_for_no_gap"], 116);
  EXPECT_GT(json["detectable_gap_points"].get<double>(), 3);
}

}  // namespace
}  // namespace iago
