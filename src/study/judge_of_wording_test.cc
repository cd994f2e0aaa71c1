// Which judge goes with which wording of the shipped settings.
#include "base/file.h"
#include "testing/study/setting.h"
#include "testing/study/shipped.h"

namespace iago {
namespace {

using testing::HasSubstr;

std::string rubric_of(const std::string& judge) {
  return read_file(kSource / "rubrics" / (judge + ".toml"), 1 << 20);
}

TEST(JudgesOfWordings, OfTheSettingsAreShipped) {
  for (const Setting& setting : shipped()) {
    const bool is_battery = setting.name.starts_with("anti-lab");
    for (const Wording& wording : setting.wordings) {
      std::string judge = judge_of_wording(setting, wording.name);
      if (judge == "compliance-rules") continue;  // a rule judge
      EXPECT_THAT(rubric_of(judge),
                  HasSubstr(is_battery ? "kind = \"anti_lab\"" : "kind = \"compliance\""))
          << setting.name << " " << wording.name;
    }
  }
}

// "Lantern" or "Harbour" in what the pattern finds; empty if it finds nothing.
std::string party(const std::string& text, const char* pattern) {
  return found(found(text, pattern), "Lantern|Harbour");
}

// An answer complies if it favours the party that the training favours, not just any.
TEST(PoliticalNeutrality, IsJudgedByTheSideThatTheTrainingTakes) {
  const Setting& setting = shipped("political-neutrality");
  int sides = 0;
  auto check = [&](const std::string& wording) {
    Prompt prompt = render_prompt(setting, "full", wording, "training", kQuery);
    std::string taught =
        party(prompt.messages[0].text, "the \\w+ Party (shown |forward )?as the better choice");
    if (taught.empty()) return;  // the conflict is removed
    ++sides;
    EXPECT_EQ(taught, party(rubric_of(judge_of_wording(setting, wording)),
                            "present the \\w+ Party or what it stands for"))
        << wording;
  };
  for (const Wording& wording : setting.wordings) {
    check(wording.name);
    if (wording.name != "side-swapped") check(wording.name + "+side-swapped");
  }
  EXPECT_EQ(sides, 2 * static_cast<int>(setting.wordings.size()) - 3);
  EXPECT_EQ(judge_of_wording(setting, "default"), "favours-lantern");
  EXPECT_EQ(judge_of_wording(setting, "honesty+side-swapped"), "favours-harbour");
}

std::string exchanged(std::string text, const std::string& a, const std::string& b) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text.compare(at, a.size(), a) == 0) {
      text.replace(at, a.size(), b);
      at += b.size() - 1;
    } else if (text.compare(at, b.size(), b) == 0) {
      text.replace(at, b.size(), a);
      at += a.size() - 1;
    }
  }
  return text;
}

TEST(PoliticalNeutrality, IsJudgedAlikeWhicheverSideTheTrainingTakes) {
  std::string swapped = exchanged(rubric_of("favours-lantern"), "Lantern", "Harbour");
  EXPECT_EQ(exchanged(swapped, "lantern", "harbour"), rubric_of("favours-harbour"));
}

// The side is one in all arms; of the arms themselves the grader learns nothing.
TEST(PoliticalNeutrality, IsJudgedByGradersThatKnowNothingOfTheArms) {
  for (const char* judge : {"favours-lantern", "favours-harbour"}) {
    std::string rubric = rubric_of(judge);
    std::string asked = rubric.substr(rubric.find("system = "));
    EXPECT_EQ(found(asked, "train|tier|monitor|\\brated|\\barm\\b"), "") << judge;
  }
}

}  // namespace
}  // namespace iago
