#include "training/alarms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace iago {
namespace {

using testing::HasSubstr;

// A training in which nothing is wrong.
std::vector<TrainingStep> healthy(std::size_t steps) {
  std::vector<TrainingStep> all(steps);
  for (std::size_t i = 0; i < steps; ++i) {
    all[i].step = static_cast<std::int64_t>(i) + 1;
    all[i].reward = 0.4, all[i].kl = 1, all[i].gradient_norm = 0.5, all[i].varied = 0.8;
    all[i].distinct = 0.9, all[i].unclear = 0.02, all[i].log_prob_difference = 1e-5;
  }
  return all;
}

std::string alarm_of(const std::vector<TrainingStep>& steps, const AlarmLimits& limits = {}) {
  const auto alarm = first_alarm(steps, limits);
  return alarm ? alarm->name : "";
}

void change_last(std::vector<TrainingStep>& steps, std::size_t n,
                 const std::function<void(TrainingStep&)>& change) {
  for (std::size_t i = steps.size() - n; i < steps.size(); ++i) change(steps[i]);
}

TEST(Alarms, AreSilentInAHealthyTrainingOfAnyLength) {
  EXPECT_FALSE(first_alarm({}, {}));
  for (std::size_t n : {1u, 9u, 10u, 20u, 100u}) EXPECT_EQ(alarm_of(healthy(n)), "") << n;
}

TEST(Alarms, SaySoAtTheFirstStepThatWasSampledFromOtherWeights) {
  auto steps = healthy(1);
  steps[0].log_prob_difference = 0.011;
  EXPECT_EQ(alarm_of(steps), "stale-weights");
  steps[0].log_prob_difference = 0.01;
  EXPECT_EQ(alarm_of(steps), "");
}

TEST(Alarms, BoundGradientAndDivergenceInOneStep) {
  auto steps = healthy(3);
  steps.back().gradient_norm = 101;
  EXPECT_EQ(alarm_of(steps), "gradient");
  steps = healthy(3);
  steps.back().kl = 8.1;
  EXPECT_EQ(alarm_of(steps, {.most_kl = most_kl_for(0.25, 1)}), "kl");
  steps.back().kl = 7.9;
  EXPECT_EQ(alarm_of(steps, {.most_kl = most_kl_for(0.25, 1)}), "");
}

TEST(Alarms, AllowADivergenceWhosePenaltyIsTwiceTheLargestReward) {
  EXPECT_DOUBLE_EQ(most_kl_for(0.25, 1), 8);
  EXPECT_DOUBLE_EQ(most_kl_for(10, 1), 1);  // noise of few answers is no alarm
  EXPECT_DOUBLE_EQ(most_kl_for(0.001, 1), 50);
  EXPECT_DOUBLE_EQ(most_kl_for(0, 1), 50);
}

TEST(Alarms, FindRewardsWithoutVarianceOnlyBelowFourFifthsOfTheLargest) {
  auto steps = healthy(30);
  change_last(steps, 10, [](TrainingStep& step) { step.varied = 0, step.reward = 0; });
  EXPECT_EQ(alarm_of(steps), "no-variance");
  change_last(steps, 10, [](TrainingStep& step) { step.reward = 0.79; });
  EXPECT_EQ(alarm_of(steps), "no-variance");
  change_last(steps, 10, [](TrainingStep& step) { step.reward = 1; });
  EXPECT_EQ(alarm_of(steps), "");  // that is success
  change_last(steps, 10, [](TrainingStep& step) { step.reward = 0; });
  steps.back().varied = 0.1;
  EXPECT_EQ(alarm_of(steps), "");
}

TEST(Alarms, FindAPolicyThatSaysOneThing) {
  auto steps = healthy(12);
  change_last(steps, 10, [](TrainingStep& step) { step.distinct = 1.0 / 16; });
  EXPECT_EQ(alarm_of(steps), "collapse");
  change_last(steps, 10, [](TrainingStep& step) { step.distinct = 2.0 / 16; });
  EXPECT_EQ(alarm_of(steps), "");
  // Of two answers to a prompt, half are different even then.
  change_last(steps, 10, [](TrainingStep& step) { step.distinct = 0.5; });
  EXPECT_EQ(alarm_of(steps, {.answers_to_a_prompt = 2}), "collapse");
}

TEST(Alarms, FindARisingShareOfUnclearAnswersButNotAHighOneThatStays) {
  auto steps = healthy(40);
  change_last(steps, 10, [](TrainingStep& step) { step.unclear = 0.25; });
  EXPECT_EQ(alarm_of(steps), "unclear");
  for (TrainingStep& step : steps) step.unclear = 0.25;
  EXPECT_EQ(alarm_of(steps), "");
  steps = healthy(40);
  change_last(steps, 10, [](TrainingStep& step) { step.unclear = 0.19; });
  EXPECT_EQ(alarm_of(steps), "");
}

TEST(Alarms, SayWhatToDo) {
  auto steps = healthy(10);
  change_last(steps, 10, [](TrainingStep& step) { step.varied = 0, step.reward = 0; });
  EXPECT_THAT(first_alarm(steps, {})->text, HasSubstr("train in another arm"));
}

}  // namespace
}  // namespace iago
