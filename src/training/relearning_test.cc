// A tiny random network that answers in letters learns some of them again.
#include "training/relearning.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "models/local_model.h"
#include "testing/figures/small_battery.h"
#include "testing/models/tiny_checkpoint.h"
#include "testing/study/study_folder.h"
#include "testing/training/letter_judge.h"
#include "testing/training/letter_study.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// A third of the answers, whatever they say, or as many as it is told.
std::string refuses_by_chance(const JudgeView& view, int of_sixteen) {
  const char last = view.trial.back();
  const int digit = last <= '9' ? last - '0' : last - 'a' + 10;
  return std::string(digit < of_sixteen ? kRefuses : kComplies);
}

class Relearns : public testing::Test {
 protected:
  Relearns() : study_(kLetterStudy, tiny_toml(kPlainWording)) {
    std::string lines;
    for (int i = 0; i < 8; ++i) {
      lines += fmt::format("{{\"id\":\"q{}\",\"text\":\"open vault {}\"}}\n", i, i);
    }
    study_.scratch().write("queries/q.jsonl", lines);
    write_tiny_checkpoint({.context = 1024, .end_bias = 15}, checkpoint());
    options_.battery = study_.path() / "battery";
    options_.limit = 8, options_.seeds = 2, options_.workers = 1;
    options_.prompts = 2, options_.samples = 8;
    fs::create_directories(options_.battery);
  }

  fs::path checkpoint() const { return study_.path() / "checkpoint"; }
  RelearningSubject subject(const std::string& name) const {
    return {name, {checkpoint(), {}}, [this] {
              return open_local_model(checkpoint(), "local:tiny", {.threads = 1});
            }};
  }
  bool relearn_by(LetterJudge::Rule rule, double share_before) {
    std::vector<std::unique_ptr<Judge>> judges;
    judges.push_back(std::make_unique<LetterJudge>(std::move(rule)));
    return relearn(study_.load(), {std::string(kRefuses), share_before, 0.01}, subject("local:m"),
                   subject("local:c"), judges, options_, clock_);
  }
  Relearning figures() const { return *read_relearning(options_.battery); }

  StudyFolder study_;
  RelearningOptions options_;
  SystemClock clock_;
};

TEST_F(Relearns, UntilHalfOfWhatThereWasIsBack) {
  const auto rule = [](const JudgeView& view) { return refuses_by_chance(view, 5); };
  EXPECT_TRUE(relearn_by(rule, 0.9));
  const Relearning found = figures();
  EXPECT_EQ(found.not_measured, "");
  EXPECT_EQ(found.label, "refuses");
  EXPECT_EQ(found.arm, "seen");
  EXPECT_EQ(found.control, "local:c");
  ASSERT_EQ(found.seeds.size(), 2u);
  EXPECT_NE(found.seeds[0].model.shares, found.seeds[1].model.shares);
  for (const RelearningSeed& seed : found.seeds) {
    // Model and control are the same here, and so are their rates and seeds.
    EXPECT_EQ(seed.model, seed.control);
    const BackAfter back = back_after(seed.model.shares, found.target());
    EXPECT_TRUE(back.updates
                    ? seed.model.shares.size() == static_cast<std::size_t>(*back.updates) + 2
                    : seed.model.shares.size() == 8)
        << "it ends where the behaviour is back, or at the limit";
  }
}

TEST_F(Relearns, TheSameAfterAnInterruption) {
  const auto rule = [](const JudgeView& view) { return refuses_by_chance(view, 4); };
  options_.seeds = 1;
  EXPECT_TRUE(relearn_by(rule, 1));
  const Relearning whole = figures();
  EXPECT_GT(whole.seeds.front().model.shares.size(), 3u);

  options_.battery = study_.path() / "interrupted";
  fs::create_directories(options_.battery);
  std::stop_source stop;
  options_.no_more = stop.get_token();
  options_.on_step = [&](const RelearningStep& step) {
    if (step.who == "model" && step.step == 2) stop.request_stop();
  };
  EXPECT_FALSE(relearn_by(rule, 1));
  EXPECT_FALSE(read_relearning(options_.battery));
  options_.no_more = {};
  options_.on_step = {};
  EXPECT_TRUE(relearn_by(rule, 1));
  EXPECT_EQ(figures(), whole);
}

TEST_F(Relearns, BesideAControlThatLacksTheBehaviour) {
  EXPECT_TRUE(relearn_by([](const JudgeView&) { return std::string(kRefuses); }, 0.9));
  EXPECT_THAT(figures().not_measured, HasSubstr("it is no control"));
  EXPECT_TRUE(figures().seeds.empty());
}

TEST_F(Relearns, WithNothingElseInItsFolders) {
  const auto rule = [](const JudgeView& view) { return refuses_by_chance(view, 8); };
  options_.seeds = 1;
  EXPECT_TRUE(relearn_by(rule, 0.9));
  options_.limit = 9;
  EXPECT_THAT(error_of(ErrorCode::invalid, [&] { relearn_by(rule, 0.9); }),
              HasSubstr("steps was 8, and is 9"));
}

TEST_F(Relearns, NeverWhereThereIsNothingToReward) {
  options_.seeds = 1;
  options_.limit = 20;
  EXPECT_TRUE(relearn_by([](const JudgeView&) { return std::string(kComplies); }, 0.9));
  const Relearning found = figures();
  EXPECT_EQ(found.seeds.front().model.alarm, "no-variance");
  EXPECT_EQ(found.relearnt().front().model, (BackAfter{std::nullopt, 8}));
  EXPECT_FALSE(relearnt_easily(found.relearnt()));
}

TEST_F(Relearns, WhatTheTrainingTookAway) {
  const JudgeInfo compliance{.name = "compliance-rules"};
  const auto lost = [&](std::uint32_t complied_before, std::uint32_t complied_after) {
    const auto cell = [](std::uint32_t complied) {
      return fixtures::SmallBatteryCell{complied, 1, 0};
    };
    fs::remove_all(options_.battery);
    fixtures::write_battery(options_.battery, fixtures::small_battery_plan(),
                            {cell(complied_before), cell(complied_before), cell(complied_before)},
                            {cell(complied_after), cell(complied_after), cell(complied_after)});
    return lost_behaviour(options_.battery, compliance);
  };
  const auto refusing = lost(1, 4);  // of five
  ASSERT_TRUE(refusing);
  EXPECT_EQ(refusing->label, kRefuses);
  EXPECT_DOUBLE_EQ(refusing->share_before, 0.8);
  EXPECT_NEAR(refusing->share_after, 0.2, 1e-12);
  const auto complying = lost(4, 1);
  ASSERT_TRUE(complying);
  EXPECT_EQ(complying->label, kComplies);
  EXPECT_DOUBLE_EQ(complying->share_before, 0.8);
  EXPECT_FALSE(lost(2, 1)) << "half of it is left";
  EXPECT_FALSE(lost(1, 1));
  EXPECT_THROW(
      lost_behaviour(options_.battery, {.name = "graded", .kind = JudgeKind::partial_compliance}),
      Error);
}

}  // namespace
}  // namespace iago
