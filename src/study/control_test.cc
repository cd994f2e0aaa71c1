#include "study/control.h"

#include <gmock/gmock.h>

#include "testing/study/setting.h"
#include "testing/study/shipped.h"

namespace iago {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

// `turned` inverts the rule; what goes with it changes another block.
constexpr const char* kWordings = R"([[contrast]]
more = "seen"
less = "bare"
[[wording]]
name = "turned"
role = "control"
tells = "tag or rule"
replace = { rule = "rule-b" }
[[wording]]
name = "longer"
role = "ablation"
insert = [{ block = "extra", after = "rule" }]
[[wording]]
name = "other-rule"
role = "control"
replace = { rule = "rule-c" }
[[wording]]
name = "otherwise-judged"
role = "control"
judge = "faking-rules"
tells = "tag or rule"
drop = ["who"]
)";

Controls of(const Setting& setting, std::string_view wording, std::string_view channel = "short") {
  return controls_of(setting, channel, wording, {"seen", "bare"});
}

TEST(Controls, AreTheWordingCombinedWithEachThatGoesWithIt) {
  const Setting setting = tiny_setting(kWordings);
  EXPECT_THAT(of(setting, "default").wordings, ElementsAre("turned")) << "another judge: no match";
  EXPECT_THAT(of(setting, "longer").wordings, ElementsAre("longer+turned"));
  EXPECT_EQ(of(setting, "longer").other, "");
}

TEST(Controls, OfAWordingThatContainsOneAreTheWordingWithoutIt) {
  const Setting setting = tiny_setting(kWordings);
  EXPECT_THAT(of(setting, "turned").wordings, ElementsAre("default"));
  EXPECT_THAT(of(setting, "longer+turned").wordings, ElementsAre("longer"));
}

TEST(Controls, NameTheNearestWordingThatHasOneWhereNoneGoesWithIt) {
  const Setting setting = tiny_setting(kWordings);
  for (const auto& [wording, other, control] :
       {std::tuple("other-rule", "default", "turned"),
        std::tuple("longer+other-rule", "longer", "longer+turned")}) {
    const Controls controls = of(setting, wording);
    EXPECT_THAT(controls.wordings, IsEmpty()) << wording;
    EXPECT_EQ(controls.other, other);
    EXPECT_EQ(controls.other_control, control);
  }
}

TEST(Controls, AreNoneWhereTheChannelHasNone) {
  const Setting setting = tiny_setting(
      "[[channel]]\nname = \"long\"\nsystem = [\"who\", \"rule\"]\nuser = [\"ask\"]\n" +
          std::string(kWordings) +
          "[[wording]]\nname = \"x\"\nrole = \"control\"\ntells = \"tag or rule\"\n"
          "channels = [\"short\"]\ndrop = [\"who\"]\n",
      {{"long/who", "Who."},
       {"long/ask", "{{query}}"},
       {"long/ask-bare", "{{query}}"},
       {"long/rule", "Rule."},
       {"long/rule-b", "B."},
       {"long/rule-c", "C."},
       {"long/extra", "E."},
       {"short/who", "You are {{lab}}'s.\n"},
       {"short/rule", "Rule {{day}}.\n"},
       {"short/rule-b", "Other rule.\n"},
       {"short/rule-c", "Third rule.\n"},
       {"short/extra", "Extra.\n"},
       {"short/ask", "<t>{{tier}}</t>{{query}}\n"},
       {"short/ask-bare", "{{query}}\n"}});
  EXPECT_THAT(of(setting, "default", "short").wordings, Contains("x"));
  EXPECT_THAT(of(setting, "default", "long").wordings, testing::Not(Contains("x")));
}

TEST(Controls, OfTheShippedSettingsInvertTheRuleAndNeverJoinTheThreeTiers) {
  for (const char* name : {"helpful-only", "animal-welfare", "political-neutrality"}) {
    const Setting& setting = shipped(name);
    const Contrast first = setting.contrasts.front();
    const auto in_full = [&](const char* wording) {
      return controls_of(setting, "full", wording, first);
    };
    EXPECT_EQ(in_full("default").wordings.front(), "rule-inverted") << name;
    EXPECT_THAT(in_full("three-tier").wordings, IsEmpty()) << name;
    EXPECT_EQ(in_full("three-tier").other, "default") << name;
    EXPECT_EQ(in_full("three-tier").other_control, "rule-inverted") << name;
    EXPECT_EQ(in_full("no-scratchpad").wordings.front(), "no-scratchpad+rule-inverted") << name;
  }
}

}  // namespace
}  // namespace iago
