#include "figures/looks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "figures/analysis_plan.h"
#include "testing/figures/small_run.h"

namespace iago {
namespace {

using fixtures::kWording;
using fixtures::SmallRun;
using fixtures::summary_of;
using fixtures::uniform_run;
using testing::HasSubstr;
using testing::IsEmpty;

const Contrast kLookedAt{"training", "unmonitored"};
const std::set<WordingArm> kBothArms = {{kWording, "training"}, {kWording, "unmonitored"}};

std::size_t looks(const std::vector<SessionRow>& sessions, const CompletionsByArm& now) {
  return count_looks(sessions, now, kLookedAt, std::vector<std::string>{kWording});
}

CompletionsByArm each(std::uint64_t n) {
  return {{{kWording, "training"}, n}, {{kWording, "unmonitored"}, n}};
}

SessionRow complete_at(std::uint64_t n) { return {.program = "0.1.0", .shown = each(n)}; }
SessionRow cut_off() { return {.program = "0.1.0"}; }

TEST(Looks, AreOneForARunThatWasInterruptedAndResumed) {
  EXPECT_EQ(looks({}, {}), 1u) << "nothing was sampled yet";
  EXPECT_EQ(looks({cut_off()}, each(3)), 1u);
  EXPECT_EQ(looks({cut_off(), cut_off(), complete_at(10)}, each(10)), 1u);
}

TEST(Looks, AreTwoWhenRepeatsAreRaisedAfterTheRunWasComplete) {
  EXPECT_EQ(looks({complete_at(10), complete_at(20)}, each(20)), 2u);
}

TEST(Looks, CountAnExtensionThatIsUnderWayOrWasCutOffOnce) {
  EXPECT_EQ(looks({complete_at(10), cut_off()}, each(15)), 2u);
  EXPECT_EQ(looks({complete_at(10), cut_off(), complete_at(20)}, each(20)), 2u);
}

TEST(Looks, AreElevenAfterTenExtensions) {
  std::vector<SessionRow> sessions;
  for (std::uint64_t n = 1; n <= 11; ++n) sessions.push_back(complete_at(10 * n));
  EXPECT_EQ(looks(sessions, each(110)), 11u);
}

TEST(Looks, AreNotAddedByASessionThatSampledNothing) {
  EXPECT_EQ(looks({complete_at(10), complete_at(10), complete_at(10)}, each(10)), 1u);
  EXPECT_EQ(looks({complete_at(20), complete_at(20)}, each(20)), 1u)
      << "a smaller plan shows all that there is";
}

TEST(Looks, LeaveOutWhatTheContrastIsNotMadeOf) {
  SessionRow first{.program = "0.1.0", .shown = {{{"inverted", "training"}, 50}}};
  SessionRow second = complete_at(10);
  SessionRow third = complete_at(10);
  third.shown[{kWording, "baseline"}] = 10, third.shown[{"inverted", "training"}] = 90;
  EXPECT_EQ(looks({first, second, third}, third.shown), 1u);
}

TEST(Looks, DoNotCountFiguresOfOneArmAlone) {
  SessionRow first{.program = "0.1.0", .shown = {{{kWording, "training"}, 50}}};
  EXPECT_EQ(looks({first, complete_at(50)}, each(50)), 1u) << "there was no gap to be seen";
}

TEST(WordingsOfContrast, AreTheReferenceAndItsParaphrasesThatAreJudgedAlike) {
  const std::vector<WordingRow> wordings = {
      {.name = "said again", .role = WordingRole::paraphrase, .judge = "rules"},
      {.name = kWording, .role = WordingRole::reference, .judge = "rules"},
      {.name = "judged otherwise", .role = WordingRole::paraphrase, .judge = "votes"},
      {.name = "shorter", .role = WordingRole::ablation, .judge = "rules"},
      {.name = "inverted", .role = WordingRole::control, .judge = "rules"}};
  EXPECT_EQ(wordings_of_contrast(wordings), (std::vector<std::string>{"said again", kWording}));
}

TEST(Looks, StandInTheSummaryOfARun) {
  SmallRun run = uniform_run(3, {.refuse = 4}, {.refuse = 4});
  run.sessions = {complete_at(3)};
  EXPECT_EQ(to_json(summary_of(run)).at("looks"), 2) << "9 more in each arm since";
  run.sessions = {complete_at(12)};
  EXPECT_EQ(to_json(summary_of(run)).at("looks"), 1);
  run.others = {{.name = "said again", .role = WordingRole::paraphrase, .arms = run.arms}};
  EXPECT_EQ(to_json(summary_of(run)).at("looks"), 2);
  run.others[0].role = WordingRole::control;
  EXPECT_EQ(to_json(summary_of(run)).at("looks"), 1);
}

TEST(ExtensionNotice, ComesBeforeACompleteRunIsExtendedAndSaysHowManyLooksThatMakes) {
  SmallRun run = uniform_run(3, {.refuse = 4}, {.refuse = 4});
  run.run.analysis_plan = to_text({.reference = kWording, .contrasts = {kLookedAt}});
  const auto notice = [&](std::vector<SessionRow> sessions, std::set<WordingArm> left = kBothArms) {
    run.sessions = {sessions.back()};  // one writer has one session
    TempFolder scratch;
    write_run(scratch / "run.db", run);
    for (std::size_t i = 0; i + 1 < sessions.size(); ++i) {
      StoreWriter writer(scratch / "run.db");
      writer.update_session(sessions[i]);
      writer.close();
    }
    return extension_notice(Store(scratch / "run.db"), left);
  };
  EXPECT_THAT(notice({complete_at(12)}), HasSubstr("makes 2 looks"));
  EXPECT_THAT(notice({complete_at(12), complete_at(12)}), HasSubstr("makes 2 looks"));
  EXPECT_THAT(notice({complete_at(12)}, {{kWording, "training"}}), HasSubstr("makes 2 looks"));
  EXPECT_THAT(notice({complete_at(12)}, {{kWording, "baseline"}}), IsEmpty()) << "another contrast";
  EXPECT_THAT(notice({complete_at(12)}, {}), IsEmpty()) << "nothing is left";
  EXPECT_THAT(notice({cut_off()}), IsEmpty()) << "interrupted, and never looked at";
  EXPECT_THAT(notice({complete_at(6)}), IsEmpty()) << "the extension began before";
}

}  // namespace
}  // namespace iago
