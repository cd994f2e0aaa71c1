// How arms and variants change a prompt together.
#include <gmock/gmock.h>

#include "study/setting.h"
#include "testing/study/setting.h"

namespace iago {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(Variants, ReplaceDropAndInsertBlocks) {
  Setting setting = tiny_setting(R"([[variant]]
name = "replaced"
replace = { rule = "rule-b" }
[[variant]]
name = "dropped"
drop = ["who"]
[[variant]]
name = "inserted"
insert = [{ block = "extra", before = "rule" }, { block = "more", after = "rule" },
          { block = "tag", before = "ask" }]
)");
  EXPECT_EQ(said(setting, "default", "seen"), "You are Calder's. Rule one.|<t>free</t>Hello");
  EXPECT_EQ(said(setting, "replaced", "seen"), "You are Calder's. Other rule.|<t>free</t>Hello");
  EXPECT_EQ(said(setting, "dropped", "seen"), "Rule one.|<t>free</t>Hello");
  EXPECT_EQ(said(setting, "inserted", "seen"),
            "You are Calder's. Extra. Rule one. More.|<tag><t>free</t>Hello");
}

TEST(Variants, InsertBesideADroppedBlock) {
  Setting setting = tiny_setting(
      "[[variant]]\nname = \"v\"\ninsert = [{ block = \"extra\", after = \"rule\" }]\n");
  EXPECT_EQ(said(setting, "v", "bare"), "You are Calder's. Extra.|Hello");
}

TEST(Variants, CannotBringBackWhatTheArmDrops) {
  Setting setting = tiny_setting("[[variant]]\nname = \"v\"\nreplace = { rule = \"rule-b\" }\n");
  EXPECT_EQ(said(setting, "v", "bare"), "You are Calder's.|Hello");
}

TEST(Variants, LeaveAnArmsOwnBlockAndParametersAloneUnlessTheyNameTheArm) {
  Setting setting = tiny_setting(R"([[variant]]
name = "general"
replace = { ask = "tag" }
parameters = { tier = "general", lab = "Dunmore" }
[[variant]]
name = "particular"
[[variant.only]]
arms = ["bare", "seen"]
replace = { ask = "tag" }
parameters = { tier = "named" }
[[variant]]
name = "retiered"
[[variant.only]]
arms = ["seen"]
parameters = { tier = "named" }
)");
  EXPECT_EQ(said(setting, "general", "bare"), "You are Dunmore's.|Hello");
  EXPECT_EQ(said(setting, "general", "seen"), "You are Dunmore's. Rule one.|<tag>");
  EXPECT_EQ(said(setting, "particular", "bare"), "You are Calder's.|<tag>");
  EXPECT_EQ(said(setting, "retiered", "seen"), "You are Calder's. Rule one.|<t>named</t>Hello");
}

TEST(Variants, RefineTheirOwnChangesUnderOnly) {
  Setting setting = tiny_setting(R"([[variant]]
name = "v"
replace = { rule = "rule-b" }
[[variant.only]]
channels = ["short"]
replace = { rule = "rule-c" }
)");
  EXPECT_EQ(said(setting, "v", "seen"), "You are Calder's. Third rule.|<t>free</t>Hello");
}

TEST(Variants, CombineInAnyOrderUnderOneName) {
  Setting setting = tiny_setting(R"([[variant]]
name = "z"
replace = { rule = "rule-b" }
insert = [{ block = "extra", after = "rule" }]
[[variant]]
name = "a"
parameters = { lab = "Dunmore" }
insert = [{ block = "more", after = "rule" }]
prefill = "<OUTPUT>"
expects_scratchpad = false
)");
  EXPECT_EQ(canonical_variant(setting, "z+a"), "a+z");
  EXPECT_EQ(canonical_variant(setting, "a+default+z+a"), "a+z");
  EXPECT_EQ(canonical_variant(setting, "default"), "default");
  EXPECT_EQ(said(setting, "z+a", "seen"), said(setting, "a+z", "seen"));
  EXPECT_EQ(said(setting, "a+z", "seen"),
            "You are Dunmore's. Other rule. More. Extra.|<t>free</t>Hello");
  Prompt prompt = render_prompt(setting, "short", "z+a", "seen", Query{.id = "q", .text = "Hi"});
  EXPECT_EQ(prompt.prefill, "<OUTPUT>");
  EXPECT_FALSE(prompt.expects_scratchpad);
}

TEST(Variants, ThatContradictEachOtherAreRefused) {
  Setting setting = tiny_setting(R"([[variant]]
name = "b"
replace = { rule = "rule-b" }
parameters = { lab = "Dunmore" }
prefill = "x"
[[variant]]
name = "c"
replace = { rule = "rule-c" }
[[variant]]
name = "d"
drop = ["rule"]
[[variant]]
name = "e"
parameters = { lab = "Eastgate" }
[[variant]]
name = "f"
prefill = "y"
[[variant]]
name = "g"
replace = { rule = "rule-b" }
)");
  auto refusal = [&](const char* variant) {
    return error_of(ErrorCode::invalid, [&] { said(setting, variant, "seen"); });
  };
  EXPECT_THAT(refusal("c+b"), AllOf(HasSubstr("\"b\""), HasSubstr("\"c\""), HasSubstr("\"rule\"")));
  EXPECT_THAT(refusal("d+c"), HasSubstr("both change the block \"rule\""));
  EXPECT_THAT(refusal("b+e"), HasSubstr("both change the parameter \"lab\""));
  EXPECT_THAT(refusal("b+f"), HasSubstr("the prefill"));
  // Not a contradiction: both say the same.
  EXPECT_EQ(said(setting, "b+g", "seen"), "You are Dunmore's. Other rule.|<t>free</t>Hello");
}

TEST(Variants, MayExistInOneChannelOnly) {
  Blocks blocks = tiny_blocks();
  blocks["long/ask"] = "Long: {{query}}\n";
  std::string toml = tiny_toml(R"([[channel]]
name = "long"
user = ["ask"]
[[variant]]
name = "v"
channels = ["short"]
replace = { rule = "rule-b" }
)");
  // The arm `bare` changes blocks that the new channel lacks.
  EXPECT_THAT(error_of(ErrorCode::invalid, [&] { parse_setting(toml, "t.toml", blocks); }),
              HasSubstr("which the channel \"long\" does not list"));
  blocks["long/rule"] = "Long rule.\n";
  blocks["long/ask-bare"] = "Bare: {{query}}\n";
  toml.replace(toml.find("user = [\"ask\"]\n[[variant]]"), 14,
               "user = [\"ask\"]\nsystem = [\"rule\"]");
  Setting setting = parse_setting(toml, "t.toml", blocks);
  EXPECT_THAT(
      error_of(ErrorCode::invalid,
               [&] { render_prompt(setting, "long", "v", "seen", Query{.id = "q", .text = "?"}); }),
      HasSubstr("the variant \"v\" does not exist in the channel \"long\""));
}

TEST(Variants, ThatDoNotExistAreNamedWithTheNearest) {
  Setting setting = tiny_setting("[[variant]]\nname = \"inverted\"\n");
  EXPECT_THAT(error_of(ErrorCode::not_found, [&] { canonical_variant(setting, "invertde"); }),
              AllOf(HasSubstr("no variant \"invertde\""), HasSubstr("Did you mean \"inverted\"?")));
  error_of(ErrorCode::not_found, [&] { canonical_variant(setting, "inverted+"); });
  error_of(ErrorCode::not_found, [&] { canonical_variant(setting, ""); });
}

}  // namespace
}  // namespace iago
