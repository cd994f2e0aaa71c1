#include "figures/training.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>

#include "base/error.h"
#include "testing/figures/small_training.h"

namespace iago {
namespace {

using namespace fixtures;
using testing::HasSubstr;

// Its reward rises, and then stays at 0.9.
std::vector<double> levelled_off() {
  std::vector<double> rewards(10, 0.3);
  rewards.insert(rewards.end(), 30, 0.9);
  return rewards;
}

class TrainingFolder : public testing::Test {
 protected:
  Training write(const std::vector<SmallSeed>& seeds) {
    std::vector<std::uint64_t> numbers;
    for (const SmallSeed& seed : seeds) numbers.push_back(seed.seed);
    write_training(folder(), small_plan(numbers), seeds);
    return read_training(folder());
  }
  std::filesystem::path folder() const { return scratch_ / "training"; }

  TempFolder scratch_;
};

TEST_F(TrainingFolder, IsReadAsItWasWritten) {
  const TrainingPlan plan = small_plan({1, 5});
  const TrainingPlan read = training_plan_of(to_json(plan), "here");
  EXPECT_EQ(to_json(read), to_json(plan));
  EXPECT_EQ(plan.planned_looks(), 3u);
  TrainingStep step{.step = 7, .reward = 0.125, .kl = 1.5, .length = 43.5, .update_s = 2};
  EXPECT_EQ(training_step_of(to_json(step), "here"), step);
  const Training training = write({{.rewards = {0.1, 0.2}, .looks = {{0, 2, 1}, {20, 8, 2}}}});
  ASSERT_EQ(training.seeds.size(), 1u);
  EXPECT_EQ(training.seeds[0].steps.size(), 20u);
  EXPECT_EQ(training.seeds[0].looks.size(), 2u);
  EXPECT_FALSE(training.seeds[0].end);
  EXPECT_DOUBLE_EQ(training.seeds[0].looks[1].arm("training")->compliance->rate, 0.8);
}

TEST_F(TrainingFolder, LimitsOfTheGapAreWiderThanTheRunsOwn) {
  const Training training = write({{.rewards = {0.1}, .looks = {{0, 6, 1}}}});
  const TrainingLook& look = training.seeds[0].looks[0];
  EXPECT_LT(look.adjusted.adjusted->lo, look.gap->ci95.lo);
  EXPECT_GT(look.adjusted.adjusted->hi, look.gap->ci95.hi);
}

TEST_F(TrainingFolder, SaysThatTheRewardIsSaturatedWhileTheGapStays) {
  const Training stays =
      write({{.rewards = levelled_off(), .looks = {{0, 2, 1}, {20, 8, 2}, {40, 9, 2}}}});
  EXPECT_EQ(stays.seeds[0].saturated_at, 40);
  EXPECT_THAT(training_findings(stays).front(), HasSubstr("generalisation did not"));
  std::filesystem::remove_all(folder());
  const Training gone =
      write({{.rewards = levelled_off(), .looks = {{0, 2, 1}, {20, 8, 2}, {40, 9, 9}}}});
  EXPECT_FALSE(gone.seeds[0].saturated_at);
  EXPECT_THAT(training_findings(gone).front(), HasSubstr("No alarm"));
}

TEST_F(TrainingFolder, NamesAnAlarmBeforeEverythingElse) {
  const TrainingEnd alarm{TrainingEnd::Why::alarm, 12, "collapse", "one thing is said"};
  const Training training = write({{.seed = 1, .rewards = {0.1}, .looks = {{0, 2, 1}}},
                                   {.seed = 2, .rewards = {0.1}, .looks = {}, .end = alarm}});
  EXPECT_THAT(training_findings(training).front(),
              AllOf(HasSubstr("Seed 2"), HasSubstr("collapse"), HasSubstr("one thing is said")));
  EXPECT_THAT(seed_rows(training)[2].back(), HasSubstr("alarm: collapse"));
}

TEST_F(TrainingFolder, GivesNoMeanWhereSeedsEndInTwoPlaces) {
  std::vector<SmallSeed> seeds;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    seeds.push_back({.seed = seed,
                     .rewards = {0.1},
                     .looks = {{0, 2, 1}, {20, 2, 1}, {40, seed < 3 ? 2u : 9u, 1}}});
  }
  const Training training = write(seeds);
  const TrainingTrack complies = tracks(training).front();
  EXPECT_TRUE(complies.spreads[0]->mean);
  EXPECT_TRUE(complies.spreads[2]->two_places);
  EXPECT_FALSE(complies.spreads[2]->mean);
  EXPECT_THAT(terminal_table(training, {.width = 200}), HasSubstr("two places"));
  EXPECT_TRUE(to_json(training)["trajectories"][0]["evaluations"][2]["points"]["mean"].is_null());
}

// The rewards of single steps lie far apart; the rule is about their mean.
TEST_F(TrainingFolder, SaysTheMeanAtWhichTheRewardLevelledOff) {
  std::vector<double> rewards;
  for (int i = 0; i < 40; ++i) rewards.push_back(i % 2 == 0 ? 0.8 : 1.0);
  const Training training =
      write({{.rewards = rewards, .looks = {{0, 2, 1}, {20, 8, 2}, {40, 9, 2}}}});
  ASSERT_TRUE(training.seeds[0].saturated_at);
  EXPECT_THAT(training_findings(training).front(), HasSubstr("(mean of the last ten steps: 0.90)"));
}

TEST_F(TrainingFolder, SaysHowManySeedsAnEvaluationHas) {
  const Training training =
      write({{.seed = 1, .looks = {{0, 2, 1}, {20, 8, 2}}}, {.seed = 2, .looks = {{0, 2, 1}}}});
  const auto rows = track_rows(training);
  EXPECT_EQ(rows[0][1], "seeds");
  EXPECT_EQ(rows[1][1], "2");
  EXPECT_EQ(rows[2][1], "1");
}

TEST_F(TrainingFolder, WithOtherEvaluationsThanItsPlanHasIsDamaged) {
  namespace fs = std::filesystem;
  const TrainingEnd finished{TrainingEnd::Why::finished, 40, "", ""};
  const auto error_after = [&](const std::function<void(const fs::path&)>& damage) {
    fs::remove_all(folder());
    const std::vector<SmallLook> looks = {{0, 2, 1}, {20, 8, 2}, {40, 9, 2}};
    write({{.seed = 1, .looks = looks, .end = finished}, {.seed = 2, .looks = looks}});
    damage(folder() / "seed-1");
    try {
      read_training(folder());
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::corrupt);
      EXPECT_NE(error.hint(), "");
      return std::string(error.what());
    }
    return std::string("none");
  };
  EXPECT_EQ(error_after([](const fs::path&) {}), "none");
  EXPECT_THAT(error_after([](const fs::path& seed) { fs::remove_all(seed / "step-0000"); }),
              HasSubstr("step-0000: this evaluation is missing"));
  EXPECT_THAT(error_after([](const fs::path& seed) { fs::remove_all(seed / "step-0040"); }),
              HasSubstr("evaluations up to step 20 of 40"));
  for (const char* name : {"step-9999", "step-", "step-99999999999999999999", "step-0007"}) {
    EXPECT_THAT(error_after([&](const fs::path& seed) {
                  fs::copy(seed / "step-0020", seed / name, fs::copy_options::recursive);
                }),
                HasSubstr("no evaluation of this training"))
        << name;
  }
  // Of another step, and of another seed.
  EXPECT_THAT(error_after([](const fs::path& seed) {
                fs::remove_all(seed / "step-0020");
                fs::copy(seed / "step-0040", seed / "step-0020", fs::copy_options::recursive);
              }),
              HasSubstr("found one of \"organism:faker after 40 steps (seed 1)\""));
  EXPECT_THAT(error_after([](const fs::path& seed) {
                fs::remove_all(seed / "step-0020");
                fs::copy(seed.parent_path() / "seed-2/step-0020", seed / "step-0020",
                         fs::copy_options::recursive);
              }),
              HasSubstr("(seed 2)"));
  EXPECT_THAT(error_after([](const fs::path& seed) { write_file(seed / kStepsFile, ""); }),
              HasSubstr("expected 40 to 40 steps, found 0"));
  EXPECT_THAT(error_after([](const fs::path& seed) {
                TrainingEnd other{TrainingEnd::Why::finished, 2, "", ""};
                write_file(seed / kEndFile, dump_json(to_json(other)));
              }),
              HasSubstr("it says finished at step 2"));
}

TEST_F(TrainingFolder, APlanOutOfRangeIsDamaged) {
  const auto error_of_plan = [](const char* field, const Json& value) {
    Json json = to_json(small_plan({1}));
    json[field] = value;
    try {
      training_plan_of(json, "here");
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::corrupt);
      return std::string(error.what());
    }
    return std::string("none");
  };
  for (const Json& steps :
       {Json(-4), Json(0), Json(1e300), Json(1.5), Json(std::int64_t{1} << 62)}) {
    EXPECT_THAT(error_of_plan("steps", steps),
                HasSubstr("steps: expected a whole number from 1 to 1000000"));
  }
  EXPECT_THAT(error_of_plan("evaluate_every", 0), HasSubstr("evaluate_every"));
  EXPECT_THAT(error_of_plan("margin_points", -1e9), HasSubstr("margin_points"));
  EXPECT_THAT(error_of_plan("seeds", {1, 1}), HasSubstr("each seed once"));
  EXPECT_THAT(error_of_plan("seeds", {1.5}), HasSubstr("whole numbers"));
}

TEST_F(TrainingFolder, ALineThatWasNotFinishedIsNoStep) {
  write({{.rewards = {0.1, 0.2}, .looks = {}}});
  std::ofstream(folder() / "seed-1" / kStepsFile, std::ios::app) << "{\"step\": 3, \"rew";
  EXPECT_EQ(read_training(folder()).seeds[0].steps.size(), 2u);
}

TEST_F(TrainingFolder, DamageIsNamedWithItsFileAndLine) {
  write({{.rewards = {0.1}, .looks = {}}});
  std::ofstream(folder() / "seed-1" / kStepsFile, std::ios::app) << "{\"step\": 2}\n";
  try {
    read_training(folder());
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::corrupt);
    EXPECT_THAT(error.what(), HasSubstr("steps.jsonl:2"));
  }
  EXPECT_THROW(read_training(scratch_ / "nowhere"), Error);
  EXPECT_FALSE(is_training(scratch_ / "nowhere"));
}

}  // namespace
}  // namespace iago
