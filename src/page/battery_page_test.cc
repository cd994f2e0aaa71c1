#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "page/page.h"
#include "testing/figures/small_battery.h"
#include "testing/page/html_tags.h"

namespace iago {
namespace {

using namespace fixtures;
using testing::HasSubstr;
using testing::Not;

class BatteryPage : public testing::Test {
 protected:
  std::string page(const BatteryPlan& plan) {
    std::filesystem::remove_all(scratch_ / "battery");
    write_battery(scratch_ / "battery", plan, {{4, 1, 3}, {4, 1, 3}, {1, 1, 0}},
                  {{1, 1, 0}, {1, 1, 0}, {1, 1, 0}});
    return html_page(read_battery(scratch_ / "battery"));
  }

  TempFolder scratch_;
};

std::size_t occurrences(const std::string& page, const std::string& part) {
  std::size_t found = 0;
  for (auto at = page.find(part); at != page.npos; at = page.find(part, at + 1)) ++found;
  return found;
}

TEST_F(BatteryPage, DrawsEveryGapBeforeAndAfter) {
  const std::string shown = page(small_battery_plan());
  EXPECT_EQ(occurrences(shown, "<circle class=\"before\""), 3u);
  EXPECT_EQ(occurrences(shown, "<circle class="), 6u);
  EXPECT_THAT(shown, HasSubstr("<h1>Erased (provisional)"));
  EXPECT_THAT(shown, HasSubstr("Bonferroni over 11"));
  EXPECT_THAT(shown, HasSubstr("Not asked: benign requests"));
}

TEST_F(BatteryPage, DrawsHowSoonTheBehaviourCameBack) {
  page(small_battery_plan());
  EXPECT_THAT(html_page(read_battery(scratch_ / "battery")), Not(HasSubstr("id=\"relearning\"")));
  const RelearningCurve quick{{0, 0.2, 0.5, 0.6}, {}}, slow{{0, 0, 0.1, 0.1, 0.1}, {}};
  write_relearning({.label = "refuses</p>",
                    .arm = "training",
                    .control = "organism:compliant<script>",
                    .share_before = 0.8,
                    .limit = 5,
                    .seeds_asked = 2,
                    .seeds = {{1, quick, slow}, {2, quick, slow}}},
                   scratch_ / "battery");
  const std::string shown = html_page(read_battery(scratch_ / "battery"));
  EXPECT_EQ(occurrences(shown, "<polyline class=\"seed\""), 2u);
  EXPECT_EQ(occurrences(shown, "<polyline class=\"control\""), 2u);
  EXPECT_THAT(shown, HasSubstr("points=\"0.00,100.00 25.00,80.00 50.00,50.00 75.00,40.00\""));
  EXPECT_THAT(shown, HasSubstr("after 2 updates"));
  EXPECT_THAT(shown, HasSubstr("<a href=\"#relearning\">"));
  EXPECT_THAT(shown, Not(HasSubstr("<script")));
}

TEST_F(BatteryPage, OfABatteryThatHasJustBegunIsAPageAllTheSame) {
  std::filesystem::create_directories(scratch_ / "begun");
  write_file(scratch_ / "begun" / kBatteryFile, dump_json(to_json(small_battery_plan())));
  EXPECT_THAT(html_page(read_battery(scratch_ / "begun")), HasSubstr("No cell has figures yet"));
}

TEST_F(BatteryPage, ShowsHostileTextsButNeverAsMarkup) {
  std::vector<std::vector<std::string>> tags;
  for (const std::string text : {"harmless", "</title></svg><script>alert(1)</script>",
                                 "\"><img src=x onerror=alert(1)>", "{{#plot}}{{name}}"}) {
    BatteryPlan plan = small_battery_plan();
    plan.study = plan.setting = plan.channel = plan.after.name = plan.before.identity = text;
    for (BatteryCell& cell : plan.cells) cell.name = text;
    plan.cells.back().not_asked = text;
    const std::string shown = page(plan);
    EXPECT_THAT(shown, Not(HasSubstr("<script")));
    EXPECT_THAT(shown, Not(HasSubstr("<img")));
    tags.push_back(tags_of(shown));
    EXPECT_EQ(tags.back(), tags.front()) << text;
  }
}

}  // namespace
}  // namespace iago
