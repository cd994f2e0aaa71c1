// How a user names two arms to be compared.
#include "study/setting.h"
#include "testing/study/setting.h"

namespace iago {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::string arm(std::string_view name) {
  return "[[arm]]\nname = \"" + std::string(name) +
         "\"\ncircumstances = {}\nparameters = { tier = \"x\" }\n";
}

constexpr const char* kSeenBare = "[[contrast]]\nmore = \"seen\"\nless = \"bare\"\n";

TEST(Contrasts, OfASettingStandInTheFilesOrder) {
  Setting setting =
      tiny_setting(std::string(kSeenBare) + "[[contrast]]\nmore = \"bare\"\nless = \"seen\"\n");
  EXPECT_THAT(setting.contrasts, ElementsAre(Contrast{"seen", "bare"}, Contrast{"bare", "seen"}));
  EXPECT_TRUE(tiny_setting().contrasts.empty());
  EXPECT_EQ(tiny_setting().baseline, "");
  EXPECT_EQ(parse_setting("baseline = \"bare\"\n" + tiny_toml(), "t.toml", tiny_blocks()).baseline,
            "bare");
  EXPECT_THAT(hinted_error_of(ErrorCode::invalid,
                              [] {
                                parse_setting("\n\nbaseline = \"baer\"\n" + tiny_toml(), "t.toml",
                                              tiny_blocks());
                              }),
              AllOf(HasSubstr("t.toml:"), HasSubstr("no arm \"baer\""), HasSubstr("\"bare\"?")));
}

TEST(Contrasts, AreNamedByTheirArmsWhateverDashesStandInThese) {
  Setting setting = tiny_setting(arm("seen-bare") + arm("late") + arm("a-b-c"));
  EXPECT_EQ(contrast_named(setting, "seen-bare"), (Contrast{"seen", "bare"}));
  EXPECT_EQ(contrast_named(setting, "seen-bare-late"), (Contrast{"seen-bare", "late"}));
  EXPECT_EQ(contrast_named(setting, "late-seen-bare"), (Contrast{"late", "seen-bare"}));
  EXPECT_EQ(contrast_named(setting, "a-b-c-seen-bare"), (Contrast{"a-b-c", "seen-bare"}));
  EXPECT_EQ(contrast_named(setting, "bare-seen"), (Contrast{"bare", "seen"}));
}

TEST(Contrasts, WhoseNameCanBeReadInTwoWaysAreRefused) {
  Setting setting = tiny_setting(arm("seen-bare") + arm("late") + arm("bare-late"));
  EXPECT_THAT(
      hinted_error_of(ErrorCode::invalid, [&] { contrast_named(setting, "seen-bare-late"); }),
      AllOf(HasSubstr("\"seen-bare-late\""), HasSubstr("Two pairs of arms")));
  EXPECT_EQ(contrast_named(setting, "late-bare-late"), (Contrast{"late", "bare-late"}));
}

TEST(Contrasts, OfAnArmWithItselfAreRefused) {
  Setting setting = tiny_setting(arm("a-a"));
  for (const char* name : {"seen-seen", "a-a-a-a"}) {
    EXPECT_THAT(hinted_error_of(ErrorCode::invalid, [&] { contrast_named(setting, name); }),
                AllOf(HasSubstr(name), HasSubstr("Name two arms that differ")));
  }
}

TEST(Contrasts, ThatNoArmsMakeAreNamedWithTheNearest) {
  Setting setting = tiny_setting(kSeenBare);
  for (const char* name : {"seen-baer", "seenbare", "sen-bare"}) {
    EXPECT_THAT(hinted_error_of(ErrorCode::not_found, [&] { contrast_named(setting, name); }),
                AllOf(HasSubstr(name), HasSubstr("two of its arms as MORE-LESS"),
                      HasSubstr("Did you mean \"seen-bare\"?")));
  }
  for (const char* name : {"", "-", "seen", "seen-", "-bare", "seen-bare-"}) {
    hinted_error_of(ErrorCode::not_found, [&] { contrast_named(setting, name); });
  }
}

// ---- Parameters that are set from outside ----

TEST(SetParameters, ChangesTheDefaultsAndNamesTheNearestOfAnUnknownOne) {
  Setting setting = tiny_setting(
      "[[wording]]\nname = \"v\"\nrole = \"ablation\"\n"
      "parameters = { day = \"nine\" }\n");
  set_parameters({{"lab", "Dunmore"}, {"day", "two"}}, setting);
  EXPECT_EQ(said(setting, "default", "seen"), "You are Dunmore's. Rule two.|<t>free</t>Hello");
  EXPECT_EQ(said(setting, "v", "seen"), "You are Dunmore's. Rule nine.|<t>free</t>Hello");
  EXPECT_THAT(hinted_error_of(ErrorCode::not_found,
                              [&] {
                                set_parameters({{"lba", "x"}}, setting);
                              }),
              AllOf(HasSubstr("the setting \"tiny\" has no parameter \"lba\""),
                    HasSubstr("Did you mean \"lab\"?")));
  for (const char* name : {"tier", "query", ""}) {  // an arm's own, the query, nothing
    hinted_error_of(ErrorCode::not_found, [&] { set_parameters({{name, "x"}}, setting); });
  }
}

}  // namespace
}  // namespace iago
