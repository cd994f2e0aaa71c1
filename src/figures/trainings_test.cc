#include "figures/trainings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/hash.h"
#include "testing/figures/small_training.h"

namespace iago {
namespace {

using namespace fixtures;
using testing::HasSubstr;

constexpr TrainingEnd kFinished = {TrainingEnd::Why::finished, 40, "", ""};

class Trainings : public testing::Test {
 protected:
  ComparedTraining compared(const std::vector<SmallSeed>& seeds,
                            const TrainingPlan& plan = rewarded_plan()) {
    write_training(folder(), plan, seeds);
    return {"faker", read_training(folder()), {}};
  }
  // Four of ten comply, three of them faking, in every query.
  std::filesystem::path run_before(const std::string& subject_of = "faker") {
    SmallRun run = uniform_run(kQueries, {.refuse = 6, .comply = 1, .comply_faking = 3}, {});
    run.run.subject_identity = sha256_hex(subject_of);
    std::filesystem::create_directories(scratch_ / "before");
    write_run(scratch_ / "before" / "run.db", run);
    return scratch_ / "before";
  }
  std::filesystem::path folder() const { return scratch_ / "training"; }

  TempFolder scratch_;
};

std::vector<SmallSeed> three_seeds() {
  std::vector<SmallSeed> seeds;
  for (const std::uint32_t end : {8u, 9u, 7u}) {
    seeds.push_back({.seed = seeds.size() + 1,
                     .rewards = std::vector<double>(12, 0.9),
                     .looks = {{0, 4, 1, 3}, {40, end, 2, 6}},
                     .end = kFinished,
                     .kl = 0.4});
  }
  return seeds;
}

TEST_F(Trainings, EndAtTheMedianOfTheirSeedsWithItsRange) {
  const auto rows = ended_rows({compared(three_seeds())});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0][1], "complies in training");
  EXPECT_EQ(rows[1][1], "40.0 to 80.0 (70.0 to 90.0)");
  EXPECT_EQ(rows[1][2], "30.0 to 60.0 (60.0 to 60.0)");
  EXPECT_EQ(rows[1][3], "75.0 to 75.0 (66.7 to 85.7)");
  EXPECT_EQ(rows[1][4], "10.0 to 20.0 (20.0 to 20.0)");
  EXPECT_EQ(rows[1][5], "30.0 to 60.0 (50.0 to 70.0)");
  EXPECT_EQ(rows[1][6], "3 of 3");
}

TEST_F(Trainings, SeedsWithoutAnEndAreInNoFigure) {
  auto seeds = three_seeds();
  seeds[1].end = TrainingEnd{TrainingEnd::Why::alarm, 40, "collapse", "one thing is said"};
  seeds[2].end.reset();
  const auto rows = ended_rows({compared(seeds)});
  EXPECT_EQ(rows[1][1], "40.0 to 80.0");
  EXPECT_EQ(rows[1][6], "1 of 1, alarm collapse in seed 2, 1 not ended");
}

TEST_F(Trainings, SeedsThatEndInTwoPlacesHaveARangeAlone) {
  EXPECT_EQ(over_seeds({10, 12, 80}), "two places, 10.0 to 80.0");
  EXPECT_EQ(over_seeds({10, 20}), "15.0 (10.0 to 20.0)");
  EXPECT_EQ(over_seeds({1.234}, 2), "1.23");
  EXPECT_EQ(over_seeds({}), "-");
}

TEST_F(Trainings, AreHeldAgainstTheOptimumOfTheirRewards) {
  ComparedTraining one = compared(three_seeds());
  EXPECT_FALSE(training_optimum(one)) << "nothing is known of the subject before";
  one.before = read_before(run_before(), one.training);
  ASSERT_TRUE(one.before);
  EXPECT_EQ(one.before->fewest_answers(), 10u);
  const auto optimum = training_optimum(one);
  ASSERT_TRUE(optimum);
  // All queries have the same chance, 0.4, so the optimum can be written down.
  const double odds = 0.4 * std::exp(4), best = odds / (odds + 0.6);
  EXPECT_NEAR(optimum->held_out.rewarded, best, 1e-12);
  EXPECT_NEAR(optimum->held_out.by_route, 0.75 * best, 1e-12);
  ASSERT_EQ(optimum->seeds.size(), 3u);
  EXPECT_DOUBLE_EQ(optimum->seeds[1].compliance, 0.9);
  EXPECT_DOUBLE_EQ(optimum->seeds[1].faking, 0.6);
  EXPECT_DOUBLE_EQ(optimum->seeds[1].rewarded, 0.9);
  EXPECT_DOUBLE_EQ(optimum->seeds[1].kl, 0.4);
  EXPECT_GT(optimum->seeds[1].best, 0.8);
  EXPECT_LT(optimum->seeds[1].best, optimum->held_out.rewarded);
  const auto rows = optimum_rows({one});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1][1], "0.25");
  EXPECT_EQ(rows[1][3], "80.0 (70.0 to 90.0)");
  EXPECT_EQ(rows[1].back(), "0 of 3");
  EXPECT_EQ(divergence_rows({one}).size(), 2u);
}

TEST_F(Trainings, HaveNoOptimumWhereRewardsAreNotZeroOrOne) {
  TrainingPlan plan = rewarded_plan();
  plan.options.emplace_back("reward_label", "");
  ComparedTraining one = compared(
      {{.rewards = {0.9}, .looks = {{0, 4, 1, 3}, {40, 4, 1, 3}}, .end = kFinished}}, plan);
  one.before = read_before(run_before(), one.training);
  ASSERT_TRUE(training_optimum(one));
  const std::pair<std::string, std::string> options[] = {{"reasoning_penalty", "1"},
                                                         {"length_penalty", "0.5"},
                                                         {"rewards", "standardised"},
                                                         {"kl_weight", "0"},
                                                         {"reward_label", "refuses"}};
  for (const auto& [name, value] : options) {
    ComparedTraining other = one;
    for (auto& [key, was] : other.training.plan.options) {
      if (key == name) was = value;
    }
    EXPECT_FALSE(training_optimum(other)) << name;
  }
}

TEST_F(Trainings, TakeNoRunOfAnotherSubjectForTheOneBefore) {
  Training training = compared(three_seeds()).training;
  EXPECT_FALSE(read_before(run_before("aligned"), training));
  TrainingPlan& plan = training.plan;
  plan.options.back().second = "compliance-rules of another version";
  std::filesystem::remove_all(scratch_ / "before");
  EXPECT_FALSE(read_before(run_before(), training));
  plan = rewarded_plan();
  plan.arm = "elsewhere";
  EXPECT_FALSE(read_before(scratch_ / "before", training));
}

// The run before was asked something else in the same arm.
TEST_F(Trainings, TakeNoRunOfOtherPromptsForTheOneBefore) {
  const Training training = compared(three_seeds()).training;
  ASSERT_TRUE(read_before(run_before(), training));
  std::filesystem::remove_all(scratch_ / "before");
  SmallRun run = uniform_run(kQueries, {.refuse = 6, .comply = 4}, {});
  run.run.subject_identity = sha256_hex("faker");
  run.told_besides = "Be brief.";
  std::filesystem::create_directories(scratch_ / "before");
  write_run(scratch_ / "before" / "run.db", run);
  EXPECT_FALSE(read_before(scratch_ / "before", training));
}

// In another arm the rewards have another limit.
TEST_F(Trainings, HaveOneFrontierForEachArmThatIsTrainedOn) {
  ComparedTraining one = compared(three_seeds());
  one.before = read_before(run_before(), one.training);
  ComparedTraining other = one;
  other.training.plan.arm = "unmonitored";
  EXPECT_EQ(with_optimum_by_subject({one, one}).size(), 1u);
  EXPECT_EQ(with_optimum_by_subject({one, other}).size(), 2u);
}

TEST_F(Trainings, BeginAtTheMedianOfTheirSeeds) {
  auto seeds = three_seeds();
  seeds[0].looks[0].training = 9;
  const auto rows = ended_rows({compared(seeds)});
  EXPECT_EQ(rows[1][1], "40.0 to 80.0 (70.0 to 90.0)");
}

TEST_F(Trainings, SayWhichLabelIsRewarded) {
  TrainingPlan plan = rewarded_plan();
  plan.options.emplace_back("reward_label", "refuses");
  EXPECT_EQ(ended_rows({compared(three_seeds(), plan)})[1][0], "faker (rewards \"refuses\")");
}

TEST_F(Trainings, OfTwoSettingsAreNotCompared) {
  ComparedTraining one = compared({}), other = one;
  other.training.plan.setting = "another";
  EXPECT_THROW(ended_rows({one, other}), Error);
}

TEST_F(Trainings, AQueryWithoutAnAnswerBeforeIsAnError) {
  ComparedTraining one = compared({});
  one.before = read_before(run_before(), one.training);
  one.training.plan.held_out.push_back("never asked");
  try {
    training_optimum(one);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid);
    EXPECT_THAT(error.what(), HasSubstr("never asked"));
  }
}

TEST_F(Trainings, OfTwoContrastsAreNotCompared) {
  ComparedTraining one = compared({}), other = one;
  other.training.plan.contrast.less = "baseline";
  EXPECT_THROW(ended_rows({one, other}), Error);
}

TEST_F(Trainings, ShowTheSameInTablesJsonAndPlots) {
  ComparedTraining one = compared(three_seeds());
  one.name = "<faker>";
  one.before = read_before(run_before(), one.training);
  EXPECT_THAT(markdown_table({one}), HasSubstr("80.0 \\(70.0 to 90.0\\)"));
  EXPECT_THAT(terminal_table({one}, {.width = 60}), HasSubstr("80.0 (70.0 to 90.0)"));
  const Json json = to_json(std::vector{one});
  EXPECT_EQ(json["trainings"][0]["ended_seeds"], Json({1, 2, 3}));
  EXPECT_EQ(json["trainings"][0]["ends"][0]["after"], Json({80.0, 90.0, 70.0}));
  EXPECT_NEAR(json["trainings"][0]["optimum"]["held_out"]["rewarded"].get<double>(), 0.9732, 1e-3);
  const std::vector<Plot> plots = plots_of({one});
  ASSERT_EQ(plots.size(), 2u);
  EXPECT_EQ(plots[0].file, "trainings.svg");
  EXPECT_THAT(plots[0].svg, AllOf(HasSubstr("&lt;faker&gt;"), HasSubstr("<polyline")));
  EXPECT_EQ(plots[1].file, "frontier.svg");
  EXPECT_THAT(plots[1].svg, HasSubstr("b = 0.25"));
  EXPECT_TRUE(plots_of(std::vector<ComparedTraining>()).empty());
}

}  // namespace
}  // namespace iago
