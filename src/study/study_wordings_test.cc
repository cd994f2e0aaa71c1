// A study of several wordings: which it asks in, which arms exist with them, and whose judges
// count.
#include <algorithm>

#include "testing/study/shipped.h"
#include "testing/study/study_folder.h"

namespace iago {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// ---- Wordings ----

TEST(StudyOfWordings, AsksInTheFilesOrderByTheirCanonicalNames) {
  StudyFolder folder(with("wordings = [\"other-lab+b\", \"default\", \"c\"]"));
  Study study = folder.load().study;
  EXPECT_THAT(study.wordings, ElementsAre("b+other-lab", "default", "c"));
  EXPECT_EQ(study.reference, "b+other-lab") << "the first";
  EXPECT_EQ(folder.load({.reference = "default"}).study.reference, "default");
  EXPECT_EQ(folder.load({.reference = "other-lab+b"}).study.reference, "b+other-lab");
  EXPECT_THAT(folder.load({.wordings = {{"c"}}}).study.wordings, ElementsAre("c"));
}

TEST(StudyOfWordings, TakesAllThatStandAloneWhereItSaysAll) {
  StudyFolder folder(with("wordings = [\"all\"]"));
  Study study = folder.load().study;
  EXPECT_THAT(study.wordings, ElementsAre("default", "b", "c", "other-lab"));
  EXPECT_EQ(study.reference, "default");
  EXPECT_THAT(folder.load({.wordings = {{"c", "all", "b+other-lab"}}}).study.wordings,
              ElementsAre("c", "default", "b", "other-lab", "b+other-lab"));
  EXPECT_EQ(StudyFolder().load({.wordings = {{"all"}}}).study.wordings, study.wordings);
}

TEST(StudyOfWordings, TakesAllOfItsChannelOnly) {
  const Setting& setting = shipped("helpful-only");
  StudyFolder folder;
  StudyOverrides overrides{.setting = setting.folder.string(),
                           .channel = "terse",
                           .arms = std::vector<std::string>{"training"},
                           .wordings = {{"all"}}};
  std::vector<std::string> terse = folder.load(overrides).study.wordings;
  EXPECT_EQ(terse, wordings_of_channel(setting, "terse"));
  EXPECT_EQ(terse.front(), "default");
  EXPECT_THAT(terse, AllOf(Contains("held-out-wording"), Not(Contains("minimal-prompt"))));
  overrides.channel = "full";
  EXPECT_THAT(folder.load(overrides).study.wordings,
              AllOf(Contains("minimal-prompt"), Not(Contains("held-out-wording"))));
}

// ---- Arms and contrasts ----

TEST(StudyOfWordings, SkipsAnArmThatOneWordingLacksAndRefusesOneThatAllLack) {
  StudyFolder folder(replaced("[\"seen\", \"bare\"]", "[\"rated\", \"seen\"]"),
                     tiny_toml(kThirdTier));
  EXPECT_THAT(folder.load({.wordings = {{"default", "three-tier"}}}).study.arms,
              ElementsAre("rated", "seen"));
  EXPECT_THAT(hinted_error_of(ErrorCode::invalid, [&] { folder.load(); }),
              HasSubstr("the arm \"rated\" needs the wording three-tier"));
}

TEST(StudyOfWordings, AsksAllArmsThatOneOfThemHasIfItsFileNamesNone) {
  StudyFolder folder(without("arms"), tiny_toml(kThirdTier));
  EXPECT_THAT(folder.load().study.arms, ElementsAre("seen", "bare"));
  EXPECT_THAT(folder.load({.wordings = {{"default", "three-tier"}}}).study.arms,
              ElementsAre("seen", "bare", "rated"));
}

TEST(StudyOfWordings, MakesTheContrastsThatItNamesOrElseThoseOfTheSetting) {
  StudyFolder folder(without("arms"), tiny_toml(kThirdTier));
  auto contrasts = [&](const StudyOverrides& overrides) {
    LoadedStudy loaded = folder.load(overrides);
    std::vector<std::string> names;
    for (const Contrast& contrast : contrasts_of(loaded.study, loaded.setting)) {
      names.push_back(contrast.name());
    }
    return names;
  };
  EXPECT_THAT(contrasts({}), ElementsAre("seen-bare"));
  EXPECT_THAT(contrasts({.wordings = {{"default", "three-tier"}}}),
              ElementsAre("seen-bare", "seen-rated"));
  EXPECT_THAT(contrasts({.contrasts = {{"bare-rated", "bare-seen"}},
                         .wordings = {{"default", "three-tier"}}}),
              ElementsAre("bare-rated", "bare-seen"));
  EXPECT_THAT(contrasts({.arms = std::vector<std::string>{"bare"}}), ElementsAre());
  EXPECT_THAT(
      hinted_error_of(ErrorCode::invalid, [&] { contrasts({.contrasts = {{"bare-rated"}}}); }),
      AllOf(HasSubstr("--contrast: bare-rated needs the arm \"rated\""),
            HasSubstr("Add it to the arms")));
}

TEST(StudyOfWordings, MakesNoContrastOfArmsThatNoWordingHasBothOf) {
  std::string toml = tiny_toml(std::string(kThirdTier) + R"([[arm]]
name = "other"
circumstances = {}
needs_wording = ["b"]
parameters = { tier = "other" }
[[wording]]
name = "b"
role = "ablation"
[[contrast]]
more = "rated"
less = "other"
)");
  StudyFolder folder(without("arms"), toml);
  auto contrasts = [&](const std::vector<std::string>& wordings) {
    LoadedStudy loaded = folder.load({.wordings = wordings});
    return contrasts_of(loaded.study, loaded.setting);
  };
  EXPECT_EQ(contrasts({"b", "three-tier"}).size(), 2u);
  EXPECT_EQ(contrasts({"b+three-tier"}).size(), 3u);
}

// ---- Parameters ----

TEST(StudyOfWordings, SetsParametersOfTheSettingForAllOfThem) {
  StudyFolder folder(with("[parameters]\nlab = \"Eastgate\"\nday = \"{{lab}}\""));
  LoadedStudy loaded = folder.load({.parameters = {{"day", "two"}}});
  EXPECT_EQ(loaded.study.parameters,
            (std::map<std::string, std::string>{{"lab", "Eastgate"}, {"day", "two"}}));
  EXPECT_EQ(said(loaded.setting, "default", "seen"),
            "You are Eastgate's. Rule two.|<t>free</t>Hello");
  EXPECT_EQ(said(loaded.setting, "b", "seen"), "You are Eastgate's. Other rule.|<t>free</t>Hello");
  EXPECT_EQ(said(loaded.setting, "other-lab", "seen"),
            "You are Dunmore's. Rule two.|<t>free</t>Hello")
      << "a wording's own value wins over the setting's";
  EXPECT_EQ(said(folder.load().setting, "default", "seen"),
            "You are Eastgate's. Rule {{lab}}.|<t>free</t>Hello")
      << "a value is no template";
}

// ---- Judges ----

std::string judged_by(std::string_view judges) {
  return replaced("[\"compliance-rules\"]", judges);
}

// A setting that names one judge, and another with the wording `swapped`.
std::string setting_with_judges() {
  return "judge = \"favours-one\"\n" + tiny_toml(R"([[wording]]
name = "other-lab"
role = "paraphrase"
parameters = { lab = "Dunmore" }
[[wording]]
name = "swapped"
role = "control"
judge = "favours-other"
)");
}

TEST(StudyOfWordings, TakesTheJudgesThatTheSettingNamesForThem) {
  StudyFolder folder(judged_by(R"(["setting@openai:a/b", "setting", "faking-rules"])"),
                     setting_with_judges());
  EXPECT_THAT(folder.load().study.judges,
              ElementsAre("favours-one@openai:a/b", "favours-one", "faking-rules"));
  Study swapped = folder.load({.wordings = {{"swapped+other-lab"}}}).study;
  EXPECT_THAT(swapped.judges,
              ElementsAre("favours-other@openai:a/b", "favours-other", "faking-rules"));
  auto file = folder.scratch().write("runs/x/study.toml", to_toml(swapped));
  EXPECT_EQ(load_study(file).study, swapped) << "a run's own study names the judge itself";
}

TEST(StudyOfWordings, TakesTheJudgeOfEachWordingTheReferencesFirst) {
  StudyFolder folder(judged_by(R"(["faking-rules", "setting@openai:a"])"), setting_with_judges());
  Study both = folder.load({.wordings = {{"default", "other-lab", "swapped"}}}).study;
  EXPECT_THAT(both.judges,
              ElementsAre("faking-rules", "favours-one@openai:a", "favours-other@openai:a"));
  auto file = folder.scratch().write("runs/x/study.toml", to_toml(both));
  EXPECT_EQ(load_study(file).study, both);
  EXPECT_THAT(
      folder.load({.reference = "swapped", .wordings = {{"default", "swapped"}}}).study.judges,
      ElementsAre("faking-rules", "favours-other@openai:a", "favours-one@openai:a"));
}

TEST(StudyOfWordings, RefusesAJudgeThatGoesWithAnotherWording) {
  StudyFolder folder(judged_by(R"(["favours-one", "mine-own"])"), setting_with_judges());
  EXPECT_THAT(folder.load().study.judges, ElementsAre("favours-one", "mine-own"));
  EXPECT_THAT(
      hinted_error_of(ErrorCode::invalid, [&] { folder.load({.wordings = {{"swapped"}}}); }),
      AllOf(HasSubstr("s.toml:6: judges"), HasSubstr("with the wordings swapped"),
            HasSubstr("expected the judge favours-other"), HasSubstr("found \"favours-one\""),
            HasSubstr("Write \"setting\"")));
  StudyFolder other(judged_by(R"(["favours-other@openai:a"])"), setting_with_judges());
  EXPECT_THAT(hinted_error_of(ErrorCode::invalid, [&] { other.load(); }),
              HasSubstr("found \"favours-other\""));
  EXPECT_NO_THROW(other.load({.wordings = {{"swapped"}}}));
}

TEST(StudyOfWordings, RefusesTheSettingsJudgeIfItNamesNoneOrStandsBesideIt) {
  StudyFolder none(judged_by(R"(["setting"])"));
  EXPECT_THAT(hinted_error_of(ErrorCode::invalid, [&] { none.load(); }),
              AllOf(HasSubstr("s.toml:6: judges"), HasSubstr("names no judge")));
  StudyFolder twice(judged_by(R"(["favours-one", "setting"])"), setting_with_judges());
  EXPECT_THAT(hinted_error_of(ErrorCode::invalid, [&] { twice.load(); }),
              HasSubstr("\"favours-one\" is given twice"));
}

TEST(StudyOfWordings, RefusesACombinationOfTwoJudges) {
  StudyFolder folder(judged_by(R"(["setting"])"),
                     setting_with_judges() +
                         "[[wording]]\nname = \"third\"\nrole = \"control\"\njudge = \"other\"\n");
  EXPECT_THAT(
      hinted_error_of(ErrorCode::invalid, [&] { folder.load({.wordings = {{"swapped+third"}}}); }),
      AllOf(HasSubstr("--wording: "), HasSubstr("both change the judge")));
  EXPECT_NO_THROW(folder.load({.wordings = {{"swapped", "third"}}}));
}

}  // namespace
}  // namespace iago
