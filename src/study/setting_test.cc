#include "study/setting.h"

#include "testing/study/setting.h"

namespace iago {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(Setting, LeavesAQuerysBracesAlone) {
  Setting setting = tiny_setting();
  Prompt prompt = render_prompt(setting, "short", "default", "seen",
                                Query{.id = "q", .text = "{{lab}} {{tier}} {{nothing}}"});
  EXPECT_EQ(prompt.messages[1].text, "<t>free</t>{{lab}} {{tier}} {{nothing}}");
}

TEST(Setting, DropsOnlyTheFinalNewlineOfABlockFile) {
  Blocks blocks = tiny_blocks();
  blocks["short/who"] = "  Two lines,\nof {{lab}}. \n\n";
  EXPECT_EQ(said(tiny_setting("", blocks), "default", "bare"), "  Two lines,\nof Calder. \n|Hello");
}

TEST(Setting, TakesTheBlocksThatItLacksFromTheSettingThatLendsThem) {
  Blocks blocks = tiny_blocks();
  blocks.erase("short/rule");
  blocks["../other/short/rule"] = "Lent rule {{day}}.\n";
  blocks["../other/short/who"] = "Never said.\n";
  std::string toml = tiny_toml();
  toml.replace(toml.find("joiner"), 0, "blocks_from = [\"other\"]\n");
  Setting setting = parse_setting(toml, "tiny.toml", blocks);
  EXPECT_EQ(said(setting, "default", "seen"), "You are Calder's. Lent rule one.|<t>free</t>Hello");
  EXPECT_THAT(setting.channel("short").borrowed, ElementsAre(testing::Pair("rule", "other")));
  blocks["../other/short/rule"] = "Lent rule {{when}}.\n";
  EXPECT_THAT(error_of(ErrorCode::invalid, [&] { parse_setting(toml, "tiny.toml", blocks); }),
              HasSubstr("other/short/rule.txt"));
}

TEST(Setting, LendsNoBlocksFromOutsideTheFolderOfSettings) {
  for (const char* name : {"../other", ".", "a/b"}) {
    std::string toml = tiny_toml();
    toml.replace(toml.find("joiner"), 0, std::string("blocks_from = [\"") + name + "\"]\n");
    EXPECT_THAT(
        error_of(ErrorCode::invalid, [&] { parse_setting(toml, "tiny.toml", tiny_blocks()); }),
        AllOf(HasSubstr("tiny.toml:7"), HasSubstr("names of other settings in the same folder")))
        << name;
  }
}

TEST(Setting, TakesAParameterFromAQuerysLabelWhereItSaysSo) {
  std::string toml = "parameters_from_labels = [\"day\"]\n" + tiny_toml();
  Setting setting = parse_setting(toml, "tiny.toml", tiny_blocks());
  auto system = [&](std::map<std::string, std::string> labels) {
    Query query{.id = "q", .text = "?", .labels = std::move(labels)};
    return render_prompt(setting, "short", "default", "seen", query).messages.at(0).text;
  };
  EXPECT_EQ(system({}), "You are Calder's. Rule one.");
  EXPECT_EQ(system({{"day", "{{lab}}"}, {"lab", "Other"}}), "You are Calder's. Rule {{lab}}.");
  toml.replace(toml.find("[\"day\"]"), 7, "[\"dya\"]");
  EXPECT_THAT(error_of(ErrorCode::invalid, [&] { parse_setting(toml, "t.toml", tiny_blocks()); }),
              HasSubstr("\"dya\" is not one of the parameters"));
}

TEST(Setting, HasNoSystemTurnIfEveryBlockIsDropped) {
  Setting setting = tiny_setting(
      "[[wording]]\nname = \"silent\"\nrole = \"ablation\"\ndrop = [\"who\", \"rule\"]\n");
  Prompt prompt = render_prompt(setting, "short", "silent", "seen", Query{.id = "q", .text = "Hi"});
  ASSERT_EQ(prompt.messages.size(), 1u);
  EXPECT_EQ(prompt.messages[0].role, Role::user);
}

TEST(Setting, HasAnArmOnlyWithTheWordingThatItNeeds) {
  Setting setting = tiny_setting(R"([[arm]]
name = "rated"
circumstances = { trained_on = false }
needs_wording = ["three-tier"]
parameters = { tier = "rated" }
[[wording]]
name = "three-tier"
role = "ablation"
replace = { rule = "rule-b" }
)");
  EXPECT_THAT(arms_with_wording(setting, "default"), ElementsAre("seen", "bare"));
  EXPECT_THAT(arms_with_wording(setting, "three-tier"), ElementsAre("seen", "bare", "rated"));
  EXPECT_EQ(said(setting, "three-tier", "rated"),
            "You are Calder's. Other rule.|<t>rated</t>Hello");
  EXPECT_THAT(error_of(ErrorCode::invalid, [&] { said(setting, "default", "rated"); }),
              HasSubstr("the arm \"rated\" needs the wording three-tier"));
}

TEST(Setting, NamesTheJudgeThatItsWordingsMayExchange) {
  std::string toml = "judge = \"of-the-setting\"\n" + tiny_toml(R"([[wording]]
name = "other-rule"
role = "ablation"
replace = { rule = "rule-b" }
[[wording]]
name = "swapped"
role = "ablation"
judge = "of-the-wording"
[[wording]]
name = "third"
role = "ablation"
judge = "of-another"
)");
  Setting setting = parse_setting(toml, "t.toml", tiny_blocks());
  EXPECT_EQ(judge_of_wording(setting, "default"), "of-the-setting");
  EXPECT_EQ(judge_of_wording(setting, "other-rule"), "of-the-setting");
  EXPECT_EQ(judge_of_wording(setting, "other-rule+swapped"), "of-the-wording");
  EXPECT_THAT(
      hinted_error_of(ErrorCode::invalid, [&] { judge_of_wording(setting, "swapped+third"); }),
      HasSubstr("both change the judge"));
  EXPECT_EQ(judge_of_wording(tiny_setting(), "default"), "");
}

TEST(Setting, NamesTheNearestForAnUnknownName) {
  Setting setting = tiny_setting();
  EXPECT_THAT(error_of(ErrorCode::not_found, [&] { setting.arm("sen"); }),
              AllOf(HasSubstr("no arm \"sen\""), HasSubstr("Did you mean \"seen\"?")));
}

struct BadSetting {
  std::string name, extra;
  ErrorCode code;
  std::vector<std::string> says;
};

void PrintTo(const BadSetting& bad, std::ostream* out) { *out << bad.name; }

class BadSettings : public testing::TestWithParam<BadSetting> {};

// tiny_toml() has 18 lines, so that what is added begins on line 19.
TEST_P(BadSettings, AreRefusedWithFileLineAndHint) {
  const BadSetting& bad = GetParam();
  std::string error = hinted_error_of(bad.code, [&] { tiny_setting(bad.extra); });
  for (const std::string& part : bad.says) EXPECT_THAT(error, HasSubstr(part));
}

INSTANTIATE_TEST_SUITE_P(
    Setting, BadSettings,
    testing::Values(
        BadSetting{
            "WordingWithoutItsBlock",
            "[[wording]]\nname = \"v\"\nrole = \"ablation\"\nreplace = { rule = \"rule-d\" }\n",
            ErrorCode::not_found,
            {"tiny.toml:19", "the wording \"v\" needs the block \"rule-d\"", "short/rule-d.txt",
             "Did you mean \"rule-"}},
        BadSetting{"SlotThatTheChannelLacks",
                   "[[wording]]\nname = \"v\"\nrole = \"ablation\"\ndrop = [\"rul\"]\n",
                   ErrorCode::invalid,
                   {"tiny.toml:19", "changes the block \"rul\"", "Did you mean \"rule\"?"}},
        BadSetting{
            "UnknownKey",
            "[[wording]]\nname = \"v\"\nrole = \"ablation\"\nreplaces = { rule = \"rule-b\" }\n",
            ErrorCode::invalid,
            {"tiny.toml:22", "replaces", "Did you mean \"replace\"?"}},
        BadSetting{
            "UnknownArm",
            "[[wording]]\nname = \"v\"\nrole = \"ablation\"\n[[wording.only]]\narms = [\"sene\"]\n"
            "drop = [\"rule\"]\n",
            ErrorCode::invalid,
            {"tiny.toml:22", "no arm \"sene\"", "Did you mean \"seen\"?"}},
        BadSetting{"UnknownPlaceholder",
                   "[[arm]]\nname = \"late\"\ncircumstances = { trained_on = false }\n",
                   ErrorCode::invalid,
                   {"short/ask.txt:1", "expected a known placeholder, found {{tier}}",
                    "Known are: day, lab, query."}},
        BadSetting{
            "MisspeltPlaceholder",
            "[[wording]]\nname = \"v\"\nrole = \"ablation\"\nreplace = { rule = \"misspelt\" }\n",
            ErrorCode::invalid,
            {"short/misspelt.txt:2", "found {{dya}}", "Did you mean \"day\"?"}},
        BadSetting{"NoUserTurn",
                   "[[wording]]\nname = \"v\"\nrole = \"ablation\"\ndrop = [\"ask\"]\n",
                   ErrorCode::invalid,
                   {"tiny.toml:19", "no block of the user turn"}},
        BadSetting{"WordingTwice",
                   "[[wording]]\nname = \"v\"\nrole = \"ablation\"\n[[wording]]\nname = "
                   "\"v\"\nrole = \"ablation\"\n",
                   ErrorCode::invalid,
                   {"tiny.toml:23", "\"v\" is already on line 19"}},
        BadSetting{"WordingCalledDefault",
                   "[[wording]]\nname = \"default\"\nrole = \"ablation\"\n",
                   ErrorCode::invalid,
                   {"tiny.toml:20", "always exists"}},
        BadSetting{"NameThatLeavesTheFolder",
                   "[[channel]]\nname = \"../etc\"\nuser = [\"ask\"]\n",
                   ErrorCode::invalid,
                   {"tiny.toml:20", "expected a name"}},
        BadSetting{"ArmWithoutItsCircumstances",
                   "[[arm]]\nname = \"late\"\nparameters = { tier = \"x\" }\n",
                   ErrorCode::invalid,
                   {"tiny.toml:19: arm.circumstances", "found no such key", "trained_on = true",
                    "{} if nothing"}},
        BadSetting{
            "CircumstanceThatIsNeither",
            "[[wording]]\nname = \"v\"\nrole = \"control\"\n"
            "circumstances = { rated = \"no\" }\n",
            ErrorCode::invalid,
            {"tiny.toml:22: wording.circumstances.rated", "expected true, false or \"unset\"",
             "found the text \"no\"", "Write rated = true, false or \"unset\"."}},
        BadSetting{"CircumstanceThatIsNoName",
                   "[[arm]]\nname = \"late\"\nparameters = { tier = \"x\" }\n"
                   "circumstances = { \"a b\" = true }\n",
                   ErrorCode::invalid,
                   {"tiny.toml:22: arm.circumstances", "expected names, found \"a b\""}},
        BadSetting{"WordingWithoutARole",
                   "[[wording]]\nname = \"w\"\ndrop = [\"rule\"]\n",
                   ErrorCode::invalid,
                   {"tiny.toml:19: wording.role", "found no such key"}},
        BadSetting{
            "UnknownRole",
            "[[wording]]\nname = \"w\"\nrole = \"rewording\"\n",
            ErrorCode::invalid,
            {"tiny.toml:21: wording.role", "found \"rewording\"", "\"paraphrase\" says the same"}},
        BadSetting{"RoleOfTheReference",
                   "[[wording]]\nname = \"w\"\nrole = \"reference\"\n",
                   ErrorCode::invalid,
                   {"tiny.toml:21: wording.role", "found \"reference\""}},
        BadSetting{"WordingCalledAll",
                   "[[wording]]\nname = \"all\"\nrole = \"ablation\"\n",
                   ErrorCode::invalid,
                   {"tiny.toml:20", "\"all\" means every wording"}},
        BadSetting{"ContrastWithAnUnknownArm",
                   "[[contrast]]\nmore = \"seen\"\nless = \"baer\"\n",
                   ErrorCode::invalid,
                   {"tiny.toml:19: ", "no arm \"baer\"", "Did you mean \"bare\"?"}},
        BadSetting{"ContrastWithItself",
                   "[[contrast]]\nmore = \"seen\"\nless = \"seen\"\n",
                   ErrorCode::invalid,
                   {"tiny.toml:19: ", "\"seen\" is compared with itself", "Name two arms"}},
        BadSetting{"ContrastTwice",
                   "[[contrast]]\nmore = \"seen\"\nless = \"bare\"\n"
                   "[[contrast]]\nmore = \"seen\"\nless = \"bare\"\n",
                   ErrorCode::invalid,
                   {"tiny.toml:22: ", "the contrast seen-bare is given twice, first on line 19",
                    "Remove one"}},
        BadSetting{"ContrastWithoutAnArm",
                   "[[contrast]]\nmore = \"seen\"\n",
                   ErrorCode::invalid,
                   {"tiny.toml:19", "less", "found no such key"}},
        BadSetting{"ParameterThatIsNoText",
                   "[[arm]]\nname = \"late\"\ncircumstances = { trained_on = true }\nparameters = "
                   "{ tier = true }\n",
                   ErrorCode::invalid,
                   {"tiny.toml:22", "expected a text, found true", "between quotes"}},
        BadSetting{
            "ParameterCalledQuery",
            "[[wording]]\nname = \"v\"\nrole = \"ablation\"\nparameters = { query = \"x\" }\n",
            ErrorCode::invalid,
            {"tiny.toml:19", "\"query\""}},
        BadSetting{"NulInAText",
                   "[[wording]]\nname = \"v\"\nrole = \"ablation\"\nprefill = \"a\\u0000b\"\n",
                   ErrorCode::invalid,
                   {"tiny.toml:22", "NUL"}}),
    [](const auto& info) { return info.param.name; });

TEST(Setting, NamesTheBlockFileWithABadByte) {
  Blocks blocks = tiny_blocks();
  blocks["short/rule"] = std::string("one\ntwo\0three", 13);
  EXPECT_THAT(error_of(ErrorCode::invalid, [&] { tiny_setting("", blocks); }),
              AllOf(HasSubstr("short/rule.txt:2"), HasSubstr("NUL")));
  blocks["short/rule"] = "\n";
  EXPECT_THAT(error_of(ErrorCode::invalid, [&] { tiny_setting("", blocks); }),
              AllOf(HasSubstr("short/rule.txt"), HasSubstr("empty")));
}

TEST(Setting, SaysWhichFolderOrFileIsMissing) {
  TempFolder scratch;
  EXPECT_THAT(error_of(ErrorCode::not_found, [&] { load_setting(scratch.path() / "none"); }),
              HasSubstr("none/setting.toml"));
  std::string lent = tiny_toml();
  lent.replace(lent.find("joiner"), 0, "blocks_from = [\"tiny\"]\n");
  scratch.write("borrower/setting.toml", lent);
  EXPECT_THAT(error_of(ErrorCode::not_found, [&] { load_setting(scratch.path() / "borrower"); }),
              HasSubstr("tiny/short"));
  for (const auto& [name, text] : tiny_blocks()) scratch.write("tiny/" + name + ".txt", text);
  EXPECT_EQ(load_setting(scratch.path() / "borrower").channel("short").borrowed.size(),
            tiny_blocks().size());
  std::filesystem::remove_all(scratch.path() / "tiny");
  scratch.write("tiny/setting.toml", tiny_toml());
  EXPECT_THAT(error_of(ErrorCode::not_found, [&] { load_setting(scratch.path() / "tiny"); }),
              HasSubstr("tiny/short"));
}

}  // namespace
}  // namespace iago
