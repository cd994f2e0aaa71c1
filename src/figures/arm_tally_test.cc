#include "figures/arm_tally.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "figures/terminal.h"
#include "testing/figures/small_run.h"

namespace iago {
namespace {

using fixtures::SmallCell;
using fixtures::SmallRun;

void expect_tally(const ArmTally& tally, std::size_t trials, std::size_t answered,
                  std::size_t unreadable, std::size_t judged) {
  EXPECT_EQ(tally.trials, trials);
  EXPECT_EQ(tally.answered, answered);
  EXPECT_EQ(tally.unreadable(), unreadable);
  EXPECT_EQ(tally.judged, judged);
}

TEST(ArmTally, CountsEveryWayInWhichATrialCanComeOut) {
  const SmallCell cell{.refuse = 1,
                       .comply = 2,
                       .refused_by_provider = 1,
                       .truncated = 1,
                       .invalid_format = 4,
                       .empty = 6,
                       .open = 2,
                       .unjudged = 3,
                       .unclear = 5,
                       .comply_unread = 1};
  const Summary summary = fixtures::summary_of(fixtures::uniform_run(2, cell, {.unclear = 3}));
  const ArmTally training = tally_of(*summary.arm("training"));
  EXPECT_EQ(to_json(summary)["arms"]["training"]["empty"], 12);
  EXPECT_THAT(terminal_table(summary, {.width = 200}),
              testing::HasSubstr("20 invalid format (12 of them empty)"));
  expect_tally(training, 52, 32, 18, 18);
  const ArmTally unmonitored = tally_of(*summary.arm("unmonitored"));
  expect_tally(unmonitored, 6, 6, 6, 6);
  expect_tally(training + unmonitored, 58, 38, 24, 24);
  EXPECT_EQ(training.open, 4u);
  EXPECT_EQ(training.truncated, 2u);
  EXPECT_EQ(training.empty, 12u);
  EXPECT_EQ(training.refused_by_provider, 2u);
  EXPECT_EQ(training.invalid, 8u);
  EXPECT_EQ(training.unclear, 10u);
  EXPECT_EQ(training.unjudged(), 6u);
}

TEST(ArmTally, LeavesOutWhatWasPlannedAndNeverAsked) {
  SmallRun run = fixtures::uniform_run(2, {.comply = 3}, {.comply = 3});
  run.repeats = 9;
  expect_tally(tally_of(*fixtures::summary_of(run).arm("training")), 6, 6, 0, 6);
  run.arms[0].cells = {SmallCell{}, SmallCell{}};
  expect_tally(tally_of(*fixtures::summary_of(run).arm("training")), 0, 0, 0, 0);
}

TEST(ArmTally, CountsAnAnswerInAnotherFormAsUnreadableWhereOnlyTheStrictFormCounts) {
  const auto run = fixtures::uniform_run(1, {.comply = 1, .comply_untagged = 4}, {.comply = 1});
  const Summary strict = fixtures::summary_of(run, {}, FormRule::strict_only);
  expect_tally(tally_of(*strict.arm("training")), 5, 5, 4, 1);
}

TEST(ArmTally, HasNothingJudgedWithoutAJudge) {
  TempFolder scratch;
  fixtures::write_battery(scratch / "run.db", "");
  const Summary summary = summarize(Store(scratch / "run.db"));
  expect_tally(tally_of(*summary.arm("unmonitored")), 150, 150, 0, 0);
}

}  // namespace
}  // namespace iago
