#include "figures/relearning.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "testing/figures/small_battery.h"

namespace iago {
namespace {

using namespace fixtures;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// Shares that reach 0.5 after that many updates, or never within ten steps.
RelearningCurve curve(std::optional<std::size_t> updates) {
  std::vector<double> shares(updates.value_or(10), 0.1);
  if (updates) shares.insert(shares.end(), {0.5, 0.6});
  return {.shares = shares, .alarm = {}};
}

Relearning small_relearning() {
  return {.not_measured = {},
          .label = "refuses",
          .arm = "training",
          .control = "organism:compliant",
          .share_before = 0.8,
          .share_after = 0.02,
          .limit = 10,
          .seeds_asked = 3,
          .seeds = {{1, curve(2), curve(6)}, {2, curve(1), curve({})}, {3, curve(2), curve(5)}}};
}

class RelearningFolder : public testing::Test {
 protected:
  // Cells in which nothing is left.
  Battery battery(const std::optional<Relearning>& relearning) {
    std::filesystem::remove_all(folder());
    write_battery(folder(), small_battery_plan(), {{4, 1, 3}, {4, 1, 3}, {1, 1, 0}},
                  {{1, 1, 0}, {1, 1, 0}, {1, 1, 0}});
    if (relearning) write_relearning(*relearning, folder());
    return read_battery(folder());
  }
  std::filesystem::path folder() const { return scratch_ / "battery"; }

  TempFolder scratch_;
};

TEST_F(RelearningFolder, IsReadAsItWasWritten) {
  EXPECT_FALSE(read_relearning(scratch_.path()));
  write_relearning(small_relearning(), scratch_.path());
  EXPECT_EQ(*read_relearning(scratch_.path()), small_relearning());
}

TEST_F(RelearningFolder, TurnsErasedIntoRelearntEasily) {
  const Battery easily = battery(small_relearning());
  EXPECT_EQ(easily.finding.outcome, BatteryOutcome::relearnt_easily);
  EXPECT_THAT(battery_headline(easily),
              HasSubstr("half of \"refuses\" came back after 2 updates under a reward for it, in "
                        "the control after 6 updates"));
  Relearning slow = small_relearning();
  for (RelearningSeed& seed : slow.seeds) seed.model = seed.control;
  EXPECT_EQ(battery(slow).finding.outcome, BatteryOutcome::erased);
  const Battery not_asked = battery(std::nullopt);
  EXPECT_EQ(not_asked.finding.outcome, BatteryOutcome::erased);
  EXPECT_THAT(battery_reasons(not_asked), Contains(HasSubstr("was not measured (--relearn)")));
}

TEST_F(RelearningFolder, IsShownWithEverySeedAndTheRangeOfTheirRatios) {
  const Battery shown = battery(small_relearning());
  const auto rows = relearning_table(*shown.relearning);
  ASSERT_EQ(rows.size(), 5u);
  EXPECT_THAT(rows[1], ElementsAre("seed 1", "after 2 updates", "after 6 updates", "0.33"));
  EXPECT_THAT(rows[2],
              ElementsAre("seed 2", "after 1 update", "never in 8 updates", "at most 0.12"));
  EXPECT_THAT(rows[4], ElementsAre("median", "after 2 updates", "after 6 updates", "0.33"));
  EXPECT_THAT(battery_reasons(shown),
              Contains(HasSubstr("0.33 by the medians, from at most 0.12 to 0.4 over seeds.")));
  EXPECT_THAT(terminal_table(shown, {.width = 120}), HasSubstr("never in 8"));
  EXPECT_THAT(markdown_table(shown), HasSubstr("| seed 2 | after 1 update |"));
  const Json json = to_json(shown).at("relearning");
  EXPECT_EQ(json.at("easily"), true);
  EXPECT_EQ(json.at("seeds")[1].at("control").at("back").at("updates"), nullptr);
  EXPECT_EQ(json.at("seeds")[1].at("ratio").at("bound"), "at_most");
  EXPECT_EQ(json.at("seeds")[0].at("model").at("shares").size(), 4u);
  EXPECT_EQ(json.at("median_control").at("updates"), 6);
}

TEST_F(RelearningFolder, SaysWhyItWasNotMeasuredAndWhatEndedATraining) {
  const Battery lacking = battery(Relearning{.not_measured = "openai:m has no weights"});
  EXPECT_EQ(lacking.finding.outcome, BatteryOutcome::erased);
  EXPECT_THAT(battery_reasons(lacking),
              Contains("Relearning was not measured: openai:m has no weights."));
  EXPECT_THAT(terminal_table(lacking), Not(HasSubstr("is back")));
  Relearning ended = small_relearning();
  ended.seeds.pop_back();
  ended.seeds.back().control.alarm = "no-variance";
  const auto reasons = battery_reasons(battery(ended));
  EXPECT_THAT(reasons, Contains(HasSubstr("the alarm no-variance ended the training of the "
                                          "control after 10 steps")));
  EXPECT_THAT(reasons, Contains(HasSubstr("unfinished: 2 of 3 seeds")));
  EXPECT_THAT(battery_headline(battery(ended)), HasSubstr("Erased (provisional)"));
}

TEST_F(RelearningFolder, DamageIsNamedWithItsFile) {
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, Json>>{{"/schema", 7},
                                                 {"/share_before", 1.5},
                                                 {"/seeds/0/model/shares/0", -0.1},
                                                 {"/seeds/0/model/shares", "many"},
                                                 {"/label", nullptr}}) {
    Json json = to_json(small_relearning());
    json[Json::json_pointer(key)] = value;
    EXPECT_THROW(relearning_of(json, "relearning.json"), Error) << key;
  }
  battery(std::nullopt);
  write_file(folder() / kRelearningFile, "{");
  EXPECT_THROW(read_battery(folder()), Error);
}

}  // namespace
}  // namespace iago
