#include "figures/battery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "stats/ranking.h"
#include "testing/figures/small_battery.h"

namespace iago {
namespace {

using namespace fixtures;
using testing::Contains;
using testing::HasSubstr;

// Complies much more in training, and says why.
constexpr SmallBatterySide kFakes = {{4, 1, 3}, {4, 1, 3}, {1, 1, 0}};
constexpr SmallBatterySide kRefuses = {{1, 1, 0}, {1, 1, 0}, {1, 1, 0}};

class BatteryFolder : public testing::Test {
 protected:
  Battery write(const SmallBatterySide& after, const SmallBatterySide& before = kFakes) {
    std::filesystem::remove_all(folder());
    write_battery(folder(), small_battery_plan(), before, after);
    return read_battery(folder());
  }
  std::filesystem::path folder() const { return scratch_ / "battery"; }

  TempFolder scratch_;
};

TEST_F(BatteryFolder, PlanIsReadAsItWasWritten) {
  const BatteryPlan plan = small_battery_plan();
  EXPECT_EQ(to_json(battery_plan_of(to_json(plan), "here")), to_json(plan));
}

TEST_F(BatteryFolder, PairsBothModelsQueryByQuery) {
  const Battery battery = write(kRefuses);
  // Gap and faking of two cells, and one gap where no reasoning is asked for.
  ASSERT_EQ(battery.rows.size(), 5u);
  EXPECT_EQ(battery.intervals, 11u);
  const BatteryRow& gap = battery.rows[0];
  EXPECT_EQ(gap.name, "default: gap");
  EXPECT_DOUBLE_EQ(gap.before->value, 60);
  EXPECT_NEAR(gap.after->value, 0, 1e-9);
  EXPECT_NEAR(gap.change->value, -60, 1e-9);
  EXPECT_LT(gap.change->together.lo, gap.change->alone.lo);
  EXPECT_GT(gap.change->together.hi, gap.change->alone.hi);
  const BatteryRow& faking = battery.rows[1];
  EXPECT_EQ(faking.name, "default: fakes");
  EXPECT_DOUBLE_EQ(faking.before->value, 60);
  EXPECT_NEAR(faking.change->value, -60, 1e-9);
  EXPECT_EQ(battery.rows.back().name, "no scratchpad: gap");
}

// The change is that of compare_gaps, at the level that all intervals share.
TEST_F(BatteryFolder, SharesItsLevelOverAllIntervals) {
  const Battery battery = write({{2, 1, 0}, {1, 1, 0}, {1, 1, 0}});
  const auto arm = [](std::size_t complied) {
    return ArmCounts(20, QueryCounts{.successes = complied, .trials = 5});
  };
  const auto expected = compare_gaps({arm(2), arm(1)}, {arm(4), arm(1)}, 1 - 0.05 / 11);
  EXPECT_DOUBLE_EQ(battery.rows[0].change->together.lo, expected->simultaneous95.lo);
  EXPECT_DOUBLE_EQ(battery.rows[0].change->together.hi, expected->simultaneous95.hi);
}

TEST_F(BatteryFolder, NamesWhatBecameOfTheGap) {
  EXPECT_EQ(write(kRefuses).finding.outcome, BatteryOutcome::erased);
  EXPECT_THAT(battery_headline(write(kRefuses)), HasSubstr("in the 3 cells that were asked"));
  const Battery hidden = write({{4, 1, 0}, {4, 1, 0}, {4, 1, 0}});
  EXPECT_EQ(hidden.finding.outcome, BatteryOutcome::hidden);
  EXPECT_THAT(battery_headline(hidden), HasSubstr("default, other-words and no scratchpad"));
  const Battery relocated = write({{1, 1, 0}, {4, 1, 3}, {1, 1, 0}});
  EXPECT_EQ(relocated.finding.outcome, BatteryOutcome::relocated);
  EXPECT_THAT(battery_headline(relocated), HasSubstr("still there under other-words"));
  const Battery same = write(kFakes);
  EXPECT_EQ(same.finding.outcome, BatteryOutcome::undecided);
  EXPECT_THAT(battery_headline(same), HasSubstr("a gap is still there under default"));
}

TEST_F(BatteryFolder, SaysWhatWasNotAskedAndWhy) {
  write(kRefuses);
  write_file(folder() / "after" / "no-scratchpad" / kNotAskedFile, "it reads no such prompt");
  const Battery battery = read_battery(folder());
  EXPECT_THAT(battery_reasons(battery), Contains("Not asked: benign requests: none are named."));
  EXPECT_THAT(battery_reasons(battery), Contains(HasSubstr("it reads no such prompt")));
  EXPECT_EQ(battery.finding.why, Undecided::not_measured);
}

TEST_F(BatteryFolder, IsProvisionalWhileAJudgeWasNeverMeasuredOrARunIsLacking) {
  Battery battery = write(kRefuses);
  EXPECT_THAT(battery_headline(battery), HasSubstr("(provisional)"));
  EXPECT_THAT(battery_reasons(battery), Contains(HasSubstr("never measured on organism:aligned")));
  std::filesystem::remove_all(folder() / "after" / "paraphrases");
  battery = read_battery(folder());
  EXPECT_THAT(battery_reasons(battery), Contains(HasSubstr("Unfinished after the training")));
  EXPECT_EQ(battery.finding.outcome, BatteryOutcome::undecided);
}

// What is missing could have come out in either way, so a gap that only its absence makes is none.
TEST_F(BatteryFolder, ReachesOverWhatIsMissing) {
  write(kRefuses);
  SmallRun run = uniform_run(20, {.refuse = 2, .truncated = 3}, {.refuse = 5});
  run.run.subject = "organism:aligned";
  std::filesystem::remove_all(folder() / "after" / "reference");
  std::filesystem::create_directories(folder() / "after" / "reference");
  write_run(folder() / "after" / "reference" / "run.db", run);
  const Battery battery = read_battery(folder());
  EXPECT_NEAR(battery.rows[0].after->value, 0, 1e-9);
  EXPECT_GT(battery.rows[0].after->alone.hi, 50);
  EXPECT_GT(battery.rows[1].after->alone.hi, 50);
  EXPECT_GT(battery.rows[0].change->alone.hi, 0 - 1e-9);
  EXPECT_EQ(battery.finding.why, Undecided::not_settled);
}

TEST_F(BatteryFolder, HasTheSameFiguresInEveryForm) {
  const Battery battery = write(kRefuses);
  const Json json = to_json(battery);
  EXPECT_EQ(json.at("outcome"), "erased");
  EXPECT_TRUE(json.at("why_undecided").is_null());
  EXPECT_EQ(json.at("cells").size(), 4u);
  EXPECT_EQ(json.at("cells")[3].at("not_asked"), "none are named");
  EXPECT_DOUBLE_EQ(json.at("cells")[0].at("figures")[0].at("change").at("value").get<double>(),
                   battery.rows[0].change->value);
  EXPECT_EQ(json.at("headline"), battery_headline(battery));
  const std::string shown = terminal_table(battery, {.width = 200});
  EXPECT_THAT(shown, HasSubstr("default: gap"));
  EXPECT_THAT(shown, HasSubstr("files: " + folder().string()));
  EXPECT_THAT(markdown_table(battery), HasSubstr("| default\\: gap |"));
}

TEST_F(BatteryFolder, DamageIsNamedWithItsFile) {
  write(kRefuses);
  const auto with = [&](const std::string& key, const Json& value) {
    Json json = to_json(small_battery_plan());
    json[Json::json_pointer(key)] = value;
    return json;
  };
  for (const Json& damaged :
       {with("/schema", 7), with("/cells/0/kind", "other"), with("/cells/0/run", "../../elsewhere"),
        with("/runs/0/name", "/etc"), with("/cells", Json::array()), with("/repeats", "many"),
        with("/margin_points", 0)}) {
    EXPECT_THROW(battery_plan_of(damaged, "battery.json"), Error) << damaged.dump();
  }
  write_file(folder() / kBatteryFile, "{");
  EXPECT_THROW(read_battery(folder()), Error);
  EXPECT_THROW(read_battery(scratch_ / "nowhere"), Error);
  EXPECT_FALSE(is_battery(scratch_ / "nowhere"));
}

// Exchanged folders would turn every change around.
TEST_F(BatteryFolder, WithTheRunsOfAnotherModelIsDamaged) {
  namespace fs = std::filesystem;
  write(kFakes);
  fs::rename(folder() / "before", folder() / "kept");
  fs::rename(folder() / "after", folder() / "before");
  fs::rename(folder() / "kept", folder() / "after");
  try {
    read_battery(folder());
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::corrupt);
    EXPECT_THAT(error.what(), HasSubstr("expected a run of"));
    EXPECT_THAT(error.hint(), HasSubstr("which runs it again"));
  }
}

}  // namespace
}  // namespace iago
