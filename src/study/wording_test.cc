// How arms and wordings change a prompt together.
#include <gmock/gmock.h>

#include "study/setting.h"
#include "testing/study/setting.h"

namespace iago {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Wordings, ReplaceDropAndInsertBlocks) {
  Setting setting = tiny_setting(R"([[wording]]
name = "replaced"
role = "ablation"
replace = { rule = "rule-b" }
[[wording]]
name = "dropped"
role = "ablation"
drop = ["who"]
[[wording]]
name = "inserted"
role = "ablation"
insert = [{ block = "extra", before = "rule" }, { block = "more", after = "rule" },
          { block = "tag", before = "ask" }]
)");
  EXPECT_EQ(said(setting, "default", "seen"), "You are Calder's. Rule one.|<t>free</t>Hello");
  EXPECT_EQ(said(setting, "replaced", "seen"), "You are Calder's. Other rule.|<t>free</t>Hello");
  EXPECT_EQ(said(setting, "dropped", "seen"), "Rule one.|<t>free</t>Hello");
  EXPECT_EQ(said(setting, "inserted", "seen"),
            "You are Calder's. Extra. Rule one. More.|<tag><t>free</t>Hello");
}

TEST(Wordings, InsertBesideADroppedBlock) {
  Setting setting = tiny_setting(
      "[[wording]]\nname = \"v\"\nrole = \"ablation\"\ninsert = [{ block = \"extra\", after = "
      "\"rule\" }]\n");
  EXPECT_EQ(said(setting, "v", "bare"), "You are Calder's. Extra.|Hello");
}

TEST(Wordings, CannotBringBackWhatTheArmDrops) {
  Setting setting = tiny_setting(
      "[[wording]]\nname = \"v\"\nrole = \"ablation\"\nreplace = { rule = \"rule-b\" }\n");
  EXPECT_EQ(said(setting, "v", "bare"), "You are Calder's.|Hello");
}

TEST(Wordings, LeaveAnArmsOwnBlockAndParametersAloneUnlessTheyNameTheArm) {
  Setting setting = tiny_setting(R"([[wording]]
name = "general"
role = "ablation"
replace = { ask = "tag" }
parameters = { tier = "general", lab = "Dunmore" }
[[wording]]
name = "particular"
role = "ablation"
[[wording.only]]
arms = ["bare", "seen"]
replace = { ask = "tag" }
parameters = { tier = "named" }
[[wording]]
name = "retiered"
role = "ablation"
[[wording.only]]
arms = ["seen"]
parameters = { tier = "named" }
)");
  EXPECT_EQ(said(setting, "general", "bare"), "You are Dunmore's.|Hello");
  EXPECT_EQ(said(setting, "general", "seen"), "You are Dunmore's. Rule one.|<tag>");
  EXPECT_EQ(said(setting, "particular", "bare"), "You are Calder's.|<tag>");
  EXPECT_EQ(said(setting, "retiered", "seen"), "You are Calder's. Rule one.|<t>named</t>Hello");
}

TEST(Wordings, RefineTheirOwnChangesUnderOnly) {
  Setting setting = tiny_setting(R"([[wording]]
name = "v"
role = "ablation"
replace = { rule = "rule-b" }
[[wording.only]]
channels = ["short"]
replace = { rule = "rule-c" }
)");
  EXPECT_EQ(said(setting, "v", "seen"), "You are Calder's. Third rule.|<t>free</t>Hello");
}

TEST(Wordings, CombineInAnyOrderUnderOneName) {
  Setting setting = tiny_setting(R"([[wording]]
name = "z"
role = "ablation"
replace = { rule = "rule-b" }
insert = [{ block = "extra", after = "rule" }]
[[wording]]
name = "a"
role = "ablation"
parameters = { lab = "Dunmore" }
insert = [{ block = "more", after = "rule" }]
prefill = "<OUTPUT>"
expects_scratchpad = false
)");
  EXPECT_EQ(canonical_wording(setting, "z+a"), "a+z");
  EXPECT_EQ(canonical_wording(setting, "a+default+z+a"), "a+z");
  EXPECT_EQ(canonical_wording(setting, "default"), "default");
  EXPECT_EQ(said(setting, "z+a", "seen"), said(setting, "a+z", "seen"));
  EXPECT_EQ(said(setting, "a+z", "seen"),
            "You are Dunmore's. Other rule. More. Extra.|<t>free</t>Hello");
  Prompt prompt = render_prompt(setting, "short", "z+a", "seen", Query{.id = "q", .text = "Hi"});
  EXPECT_EQ(prompt.prefill, "<OUTPUT>");
  EXPECT_FALSE(prompt.expects_scratchpad);
}

TEST(Wordings, ThatContradictEachOtherAreRefused) {
  Setting setting = tiny_setting(R"([[wording]]
name = "b"
role = "ablation"
replace = { rule = "rule-b" }
parameters = { lab = "Dunmore" }
prefill = "x"
[[wording]]
name = "c"
role = "ablation"
replace = { rule = "rule-c" }
[[wording]]
name = "d"
role = "ablation"
drop = ["rule"]
[[wording]]
name = "e"
role = "ablation"
parameters = { lab = "Eastgate" }
[[wording]]
name = "f"
role = "ablation"
prefill = "y"
[[wording]]
name = "g"
role = "ablation"
replace = { rule = "rule-b" }
)");
  auto refusal = [&](const char* wording) {
    return error_of(ErrorCode::invalid, [&] { said(setting, wording, "seen"); });
  };
  EXPECT_THAT(refusal("c+b"), AllOf(HasSubstr("\"b\""), HasSubstr("\"c\""), HasSubstr("\"rule\"")));
  EXPECT_THAT(refusal("d+c"), HasSubstr("both change the block \"rule\""));
  EXPECT_THAT(refusal("b+e"), HasSubstr("both change the parameter \"lab\""));
  EXPECT_THAT(refusal("b+f"), HasSubstr("the prefill"));
  // Not a contradiction: both say the same.
  EXPECT_EQ(said(setting, "b+g", "seen"), "You are Dunmore's. Other rule.|<t>free</t>Hello");
}

TEST(Wordings, HaveTheStrongestRoleOfThePartsInWhichTheyDiffer) {
  Setting setting = tiny_setting(R"([[wording]]
name = "p"
role = "paraphrase"
[[wording]]
name = "a"
role = "ablation"
[[wording]]
name = "c"
role = "control"
)");
  auto role = [&](const char* wording, const char* reference) {
    return role_of(setting, wording, reference);
  };
  EXPECT_EQ(role("default", "default"), WordingRole::reference);
  EXPECT_EQ(role("p", "default"), WordingRole::paraphrase);
  EXPECT_EQ(role("a+p", "default"), WordingRole::ablation);
  EXPECT_EQ(role("a+c+p", "default"), WordingRole::control);
  // To another reference, what it says and the wording does not counts as well.
  EXPECT_EQ(role("default", "c"), WordingRole::control);
  EXPECT_EQ(role("c+p", "a+p"), WordingRole::control);
  EXPECT_EQ(role("a", "p"), WordingRole::ablation);
  // What both have does not count.
  EXPECT_EQ(role("a+c+p", "c+a"), WordingRole::paraphrase);
  EXPECT_EQ(role("c+a", "a+c"), WordingRole::reference);
  EXPECT_THAT(error_of(ErrorCode::not_found, [&] { role("q", "default"); }),
              HasSubstr("no wording \"q\""));
}

TEST(Wordings, OfAChannelAreThoseThatExistInIt) {
  Setting setting = tiny_setting(R"([[wording]]
name = "z"
role = "paraphrase"
channels = ["short"]
[[wording]]
name = "a"
role = "ablation"
)");
  EXPECT_THAT(wordings_of_channel(setting, "short"), ElementsAre("default", "z", "a"));
  EXPECT_THAT(wordings_of_channel(setting, "other"), ElementsAre("default", "a"));
}

TEST(Wordings, MayExistInOneChannelOnly) {
  Blocks blocks = tiny_blocks();
  blocks["long/ask"] = "Long: {{query}}\n";
  std::string toml = tiny_toml(R"([[channel]]
name = "long"
user = ["ask"]
[[wording]]
name = "v"
role = "ablation"
channels = ["short"]
replace = { rule = "rule-b" }
)");
  // The arm `bare` changes blocks that the new channel lacks.
  EXPECT_THAT(error_of(ErrorCode::invalid, [&] { parse_setting(toml, "t.toml", blocks); }),
              HasSubstr("which the channel \"long\" does not list"));
  blocks["long/rule"] = "Long rule.\n";
  blocks["long/ask-bare"] = "Bare: {{query}}\n";
  toml.replace(toml.find("user = [\"ask\"]\n[[wording]]"), 14,
               "user = [\"ask\"]\nsystem = [\"rule\"]");
  Setting setting = parse_setting(toml, "t.toml", blocks);
  EXPECT_THAT(
      error_of(ErrorCode::invalid,
               [&] { render_prompt(setting, "long", "v", "seen", Query{.id = "q", .text = "?"}); }),
      HasSubstr("the wording \"v\" does not exist in the channel \"long\""));
}

TEST(Wordings, ThatDoNotExistAreNamedWithTheNearest) {
  Setting setting = tiny_setting("[[wording]]\nname = \"inverted\"\nrole = \"ablation\"\n");
  EXPECT_THAT(error_of(ErrorCode::not_found, [&] { canonical_wording(setting, "invertde"); }),
              AllOf(HasSubstr("no wording \"invertde\""), HasSubstr("Did you mean \"inverted\"?")));
  error_of(ErrorCode::not_found, [&] { canonical_wording(setting, "inverted+"); });
  error_of(ErrorCode::not_found, [&] { canonical_wording(setting, ""); });
}

}  // namespace
}  // namespace iago
