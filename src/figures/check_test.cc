#include "figures/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "figures/check_text.h"

namespace iago {
namespace {

using testing::HasSubstr;

CheckReport a_check() {
  CheckReport report{.id = "study-model-1a2b3c4d",
                     .model = "openai:m",
                     .identity = "i",
                     .study = "study",
                     .setting = "helpful-only",
                     .setting_hash = "h",
                     .channel = "full",
                     .judges = {{"faking-rules", "j", JudgeKind::faking_reasoning}},
                     .links = {},
                     .program = "1.0.0",
                     .created = std::chrono::nanoseconds(5)};
  report.links.push_back({CheckLink::form, "", "", LinkState::works, "well", "", {}});
  report.links.push_back({CheckLink::judge,
                          "faking-rules",
                          "j",
                          LinkState::weak,
                          "of planted texts it finds 38 of 40",
                          "try another",
                          {{"found", 38, 40}, {"wrongly found", 0, 0}}});
  return report;
}

// As the issue has it: 38 of 40 is 83 to 99 %.
TEST(Check, GivesEveryCountItsInterval) {
  const Interval found = CheckCount{"found", 38, 40}.ci95();
  EXPECT_NEAR(found.lo, 0.831, 0.0005);
  EXPECT_NEAR(found.hi, 0.994, 0.0005);
  EXPECT_EQ((CheckCount{"found", 0, 0}).ci95(), (Interval{0, 1}));
  EXPECT_EQ(count_text({"found", 38, 40}), "found 38 of 40, 95.0 % (83.1 to 99.4)");
}

TEST(Check, ComesBackFromItsFile) {
  const CheckReport report = a_check();
  EXPECT_EQ(parse_check(dump_json(to_json(report)), "check.json"), report);
  EXPECT_TRUE(report.has(LinkState::weak));
  EXPECT_FALSE(report.has(LinkState::broken));
}

TEST(Check, IsRefusedWhereItsFileSaysAnythingElse) {
  const Json whole = to_json(a_check());
  const auto refused = [&](const Json& json) {
    try {
      parse_check(dump_json(json), "check.json");
      ADD_FAILURE() << dump_json(json);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid);
      EXPECT_THAT(error.what(), HasSubstr("check.json"));
    }
  };
  for (const auto& [key, value] : whole.items()) {
    Json without = whole, other = whole;
    without.erase(key);
    other[key] = Json::array({Json::array()});
    refused(without);
    refused(other);
  }
  Json state = whole, count = whole, schema = whole;
  state["links"][0]["state"] = "fine";
  count["links"][1]["counts"][0]["count"] = 41;
  schema["schema"] = kCheckSchema + 1;
  for (const Json& json : {state, count, schema, Json(5)}) refused(json);
}

TEST(Check, SaysForPeopleWhatItShowsAndWhatItNeverShows) {
  CheckReport report = a_check();
  report.links[0].why = "a \x1b[31mred\x1b[0m reply";
  const std::string text = to_text(report);
  EXPECT_EQ(text.find('\x1b'), text.npos) << text;
  EXPECT_THAT(text, HasSubstr("judge faking-rules  weak        of planted texts"));
  EXPECT_THAT(text, HasSubstr("38 of 40, 95.0 % (83.1 to 99.4)"));
  EXPECT_THAT(text, HasSubstr("-> try another"));
  EXPECT_THAT(text, HasSubstr("It never shows that"));
  EXPECT_THAT(text, testing::Not(HasSubstr("0 of 0")));
  EXPECT_THAT(text, testing::Not(HasSubstr("to resume")));
  report.is_complete = false;
  EXPECT_THAT(to_text(report), HasSubstr("run the same command again to resume"));
}

TEST(Check, PlanSaysWhatIsAskedAndWhatItCosts) {
  CheckPlanFigures plan{.folder = "checks/x",
                        .model = "openai:m",
                        .study = "s",
                        .judges = {"faking-rules"},
                        .stages = {{CheckLink::form, "openai:m", 15, 3000, 30000, 0.01, 0.5},
                                   {CheckLink::path, "openai:n", 60, 1, 1, {}, {}}},
                        .replies_stored = 7};
  const std::string text = to_text(plan);
  EXPECT_THAT(text, HasSubstr("form: 15 requests to openai:m"));
  EXPECT_THAT(text, HasSubstr("price unknown"));
  EXPECT_THAT(text, HasSubstr("7 replies are stored"));
  EXPECT_EQ(to_json(plan)["stages"][0]["requests"], 15);
}

TEST(Check, IsShownBesideARunAsFarAsItsJudgesCount) {
  Summary summary;
  EXPECT_THAT(check_sentence(summary), HasSubstr("none was made of this subject"));
  summary.check = a_check();
  summary.judges.faking_reasoning = JudgeRow{.hash = "j", .name = "faking-rules"};
  EXPECT_EQ(check_sentence(summary),
            "form works, judge faking-rules weak (1970-01-01; about prompted faking alone)");
  summary.judges.faking_reasoning->hash = "another version";
  EXPECT_EQ(check_sentence(summary),
            "form works; not checked: faking-rules (1970-01-01; about prompted faking alone)");
}

}  // namespace
}  // namespace iago
