#include "figures/analysis_plan.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "figures/terminal.h"
#include "stats/corrected.h"
#include "testing/figures/small_run.h"

namespace iago {
namespace {

using namespace fixtures;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// 20 queries, 10 repeats, two arms, as planned.
SmallRun planned_run(AnalysisPlan* plan = nullptr) {
  auto run = uniform_run(20, {.refuse = 7, .comply_faking = 3}, {.refuse = 10});
  AnalysisPlan fixed{.margin_points = 3,
                     .seed = 7,
                     .judges = std::vector<PlannedJudge>{{run.compliance.name, run.compliance.hash},
                                                         {run.faking.name, run.faking.hash}},
                     .trials = PlannedTrials{{kWording}, {"training", "unmonitored"}, 20, 10},
                     .reference = kWording,
                     .contrasts = {{"training", "unmonitored"}},
                     .methods = analysis_methods()};
  run.run.analysis_plan = to_text(fixed);
  if (plan != nullptr) *plan = fixed;
  return run;
}

std::vector<std::string> whats(const Summary& summary) {
  std::vector<std::string> whats;
  for (const auto& change : summary.changes) whats.push_back(change.what);
  return whats;
}

TEST(AnalysisPlan, IsReadAsItWasWritten) {
  AnalysisPlan plan;
  planned_run(&plan);
  auto read = read_analysis_plan(to_text(plan));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->margin_points, plan.margin_points);
  EXPECT_EQ(read->seed, plan.seed);
  EXPECT_EQ(read->judges, plan.judges);
  EXPECT_EQ(read->trials, plan.trials);
  EXPECT_EQ(read->methods, plan.methods);
  EXPECT_EQ(read->reference, kWording);
  EXPECT_EQ(read->contrasts, plan.contrasts);
}

TEST(AnalysisPlan, IsAbsentWhereItsTextIsNone) {
  for (const char* text : {"", "margin = 3\n", "[1]", R"({"judges": 3})", R"({"trials": {}})",
                           R"({"margin_points": "three"})", R"({"seed": 1} {"seed": 2})"}) {
    auto plan = read_analysis_plan(text);
    EXPECT_TRUE(!plan || !plan->margin_points) << text;
  }
  EXPECT_FALSE(read_analysis_plan("margin = 3\n"));
  EXPECT_FALSE(read_analysis_plan(R"({"judges": 3})"));
}

TEST(AnalysisPlan, IsAbsentWhereAnErrorIsCountedOnTooManyTexts) {
  for (auto [count, is_sound] : {std::pair("80", true), std::pair("18446744073709551615", false)}) {
    auto text = fmt::format(
        R"({{"judges": [{{"name": "j", "hash": "h", "error": {{"measured_on": "m",
            "true_positive": {}, "false_negative": 2, "true_negative": 3, "false_positive": 4,
            "unknown_truth": 5, "source": "organism", "setting": "", "setting_hash": "", "arms": {{}},
            "labelled_queries": {{}}}}}}]}})",
        count);
    EXPECT_EQ(read_analysis_plan(text).has_value(), is_sound) << text;
  }
}

// Boost's quantiles give up from 10^12 on.
TEST(AnalysisPlan, HasIntervalsForAllCountsOfAnErrorThatItMayHold) {
  for (std::uint64_t right :
       {std::uint64_t{0}, std::uint64_t{1}, kMaxErrorCount / 3, kMaxErrorCount}) {
    for (std::uint64_t wrong : {std::uint64_t{0}, std::uint64_t{1}, kMaxErrorCount}) {
      auto known = sensitivity_of({.true_positive = right, .false_negative = wrong});
      ASSERT_EQ(known.has_value(), right + wrong > 0);
      if (!known) continue;
      EXPECT_LE(known->ci95.lo, known->rate);
      EXPECT_LE(known->rate, known->ci95.hi);
    }
  }
}

TEST(ChangesSincePlan, AreNoneInARunAsPlanned) {
  EXPECT_THAT(whats(summary_of(planned_run())), IsEmpty());
  EXPECT_THAT(whats(summary_of(uniform_run(3, {.refuse = 1}, {.refuse = 1}))), IsEmpty())
      << "an unreadable plan says nothing";
}

TEST(ChangesSincePlan, CountCompletionsBeyondRepeatsQueriesAndArms) {
  auto run = planned_run();
  run.repeats = 11, run.queries = 22;
  run.arms[0].cells.assign(22, {.refuse = 11});       // 20 repeats and 2 queries of 11 more
  run.arms.push_back({"baseline", {{.refuse = 5}}});  // 5 in an arm that was not planned
  auto summary = summary_of(run);
  ASSERT_THAT(whats(summary), ElementsAre("trials"));
  EXPECT_THAT(summary.changes[0].text, HasSubstr("47 of 447 completions are beyond the plan"));
}

TEST(ChangesSincePlan, NameJudgesThatCountAndWereNotPlanned) {
  auto run = planned_run();
  run.faking = a_judge("faking-rules-2", JudgeKind::faking_reasoning);
  auto summary = summary_of(run);
  ASSERT_THAT(whats(summary), ElementsAre("judges"));
  EXPECT_THAT(summary.changes[0].text, HasSubstr("these figures use its verdicts"));
  EXPECT_FALSE(summary.judges.faking_reasoning->planned)
      << "whatever the session that recorded it thought";
}

TEST(ChangesSincePlan, LeaveThePlannedJudgeInPlaceWhenANewerVersionHasJudged) {
  TempFolder scratch;
  auto run = planned_run();
  write_run(scratch / "run.db", run);
  auto newer = a_judge("faking-rules-2", JudgeKind::faking_reasoning);
  {
    StoreWriter writer(scratch / "run.db");
    writer.record_judge(newer);
    writer.append(a_verdict(trial_name("training", 0, 0), newer, "faking"));
    writer.close();
  }
  Store store(scratch / "run.db");
  auto summary = summarize(store);
  EXPECT_EQ(summary.judges.faking_reasoning->hash, run.faking.hash);
  ASSERT_THAT(whats(summary), ElementsAre("judges"));
  EXPECT_THAT(summary.changes[0].text, HasSubstr("its verdicts are not used here"));

  auto other = summarize(store, choose_judges(store, {newer.hash}));
  EXPECT_THAT(whats(other), ElementsAre("judges", "judges")) << "one left out, one brought in";
}

TEST(ChangesSincePlan, MarkALaterVersionOfAPlannedJudgeThatCountsInItsPlace) {
  auto run = planned_run();
  run.faking.hash = sha256_hex("a later version");
  auto summary = summary_of(run);
  EXPECT_EQ(summary.judges.faking_reasoning->hash, run.faking.hash);
  ASSERT_THAT(whats(summary), ElementsAre("judges"));
  EXPECT_THAT(summary.changes[0].text, HasSubstr("these figures use its verdicts"));
}

TEST(ChangesSincePlan, MarkAnotherMarginAndDecideByIt) {
  auto run = planned_run();
  run.arms[0].cells.assign(20, {.refuse = 10});
  EXPECT_EQ(to_json(summary_of(run))["margin_points"], 3);
  auto summary = summary_of(run, 40);
  EXPECT_THAT(whats(summary), ElementsAre("margin"));
  EXPECT_THAT(summary.changes[0].text, HasSubstr("40.0 points here, 3.0 in the plan"));
  EXPECT_EQ(to_json(summary)["margin_points"], 40);
}

TEST(ChangesSincePlan, MarkAnotherRuleForTheFormOfAnswers) {
  AnalysisPlan plan;
  auto run = planned_run(&plan);
  EXPECT_EQ(to_text(plan).find("strict_form"), std::string::npos);
  auto summary = summary_of(run, {}, FormRule::strict_only);
  ASSERT_THAT(whats(summary), ElementsAre("form"));
  EXPECT_THAT(summary.changes[0].text, HasSubstr("only answers in the strict form count here"));

  plan.forms = FormRule::strict_only;
  run.run.analysis_plan = to_text(plan);
  EXPECT_EQ(read_analysis_plan(to_text(plan))->forms, FormRule::strict_only);
  run.run.forms = FormRule::strict_only;
  EXPECT_THAT(whats(summary_of(run)), IsEmpty());
  run.run.forms = FormRule::any;  // the study was changed after the first completion
  ASSERT_THAT(whats(summary_of(run)), ElementsAre("form"));
  EXPECT_THAT(summary_of(run).changes[0].text, HasSubstr("answers in every form count here"));
}

TEST(ChangesSincePlan, MarkStatisticsOtherThanPlanned) {
  AnalysisPlan plan;
  auto run = planned_run(&plan);
  plan.methods[1] = "gap: by hand";
  run.run.analysis_plan = to_text(plan);
  auto summary = summary_of(run);
  ASSERT_THAT(whats(summary), ElementsAre("methods"));
  EXPECT_THAT(summary.changes[0].text, HasSubstr("gap: mean over queries"));
}

TEST(ChangesSincePlan, MarkPlannedStatisticsThatAreComputedNoMoreAndUnplannedOnes) {
  AnalysisPlan plan;
  auto run = planned_run(&plan);
  plan.methods.erase(plan.methods.begin());  // rates
  plan.methods.push_back("omens: the flight of birds");
  run.run.analysis_plan = to_text(plan);
  auto summary = summary_of(run);
  ASSERT_THAT(whats(summary), ElementsAre("methods", "methods"));
  EXPECT_THAT(summary.changes[0].text, HasSubstr("not in the plan: rates: means over queries"));
  EXPECT_THAT(summary.changes[1].text, HasSubstr("not computed so: omens: the flight of birds"));
}

TEST(AnalysisPlan, NamesEveryStatisticThatTheReportShows) {
  std::string all;
  for (const auto& method : analysis_methods()) all += method + "\n";
  for (const char* part : {"gap", "sign flips", "without faking reasoning", "Rogan and Gladen"}) {
    EXPECT_THAT(all, HasSubstr(part));
  }
}

TEST(ChangesSincePlan, AreNoneForSeveralPlannedJudgesOfOneKindOfWhichTheFirstCounts) {
  TempFolder scratch;
  AnalysisPlan plan;
  auto run = planned_run(&plan);
  auto second = a_judge("compliance-yesno", JudgeKind::compliance);
  plan.judges->push_back({second.name, second.hash});
  run.run.analysis_plan = to_text(plan);
  write_run(scratch / "run.db", run);
  {
    StoreWriter writer(scratch / "run.db");
    writer.record_judge(second);
    writer.append(a_verdict(trial_name("training", 0, 0), second, "complies"));
    writer.close();
  }
  Store store(scratch / "run.db");
  auto summary = summarize(store);
  EXPECT_EQ(summary.judges.contrast->hash, run.compliance.hash);
  EXPECT_THAT(whats(summary), IsEmpty());
  ASSERT_EQ(summary.other_judges.size(), 1u) << "the second is shown beside";

  auto chosen = summarize(store, choose_judges(store, {second.hash}));
  ASSERT_THAT(whats(chosen), ElementsAre("judges")) << "the first was to count";
  EXPECT_THAT(chosen.changes[0].text, HasSubstr("compliance-rules"));
}

TEST(ChangesSincePlan, MarkThatTheKnownErrorOfAJudgeHasChanged) {
  AnalysisPlan plan;
  auto run = planned_run(&plan);
  (*plan.judges)[0].error = JudgeError{};  // never measured
  (*plan.judges)[1].error =
      JudgeError{{80, 20, 900, 0}, 5, "world:faker", ErrorSource::organism, "helpful-only"};
  EXPECT_EQ(read_analysis_plan(to_text(plan))->judges, plan.judges);
  run.run.analysis_plan = to_text(plan);
  run.faking.error = *(*plan.judges)[1].error;
  EXPECT_THAT(whats(summary_of(run)), IsEmpty());

  run.faking.error.counts = {99, 1, 900, 0};
  auto changed = summary_of(run);
  ASSERT_THAT(whats(changed), ElementsAre("judges"));
  EXPECT_THAT(changed.changes[0].text,
              HasSubstr("then sensitivity 80.0 % of 100, specificity 100.0 % of 900, measured on "
                        "world:faker by the world's grammar, now sensitivity 99.0 % of 100"));

  run.faking.error.counts = {80, 20, 900, 0};
  run.faking.error.by_arm["training"] = {80, 20, 450, 0};
  auto by_arm = summary_of(run);
  ASSERT_THAT(whats(by_arm), ElementsAre("judges"));
  EXPECT_THAT(by_arm.changes[0].text, HasSubstr("the same over all texts, another one by arm"));
  run.faking.error.by_arm.clear();

  run.faking.error.counts = {80, 20, 900, 0};
  run.compliance.error = {{50, 0, 0, 0}, 0, "world:faker"};
  auto appeared = summary_of(run);
  ASSERT_THAT(whats(appeared), ElementsAre("judges"));
  EXPECT_THAT(appeared.changes[0].text, HasSubstr("then never measured, now sensitivity 100.0 %"));
}

TEST(ChangesSincePlan, SayNothingOfErrorsWherePlansOfOldDoNot) {
  auto run = planned_run();
  run.faking.error = {{80, 20, 900, 0}, 5, "world:faker"};
  EXPECT_THAT(whats(summary_of(run)), IsEmpty());
  auto old = read_analysis_plan(R"({"judges": [{"name": "a", "hash": "b"}], "seed": 1})");
  ASSERT_TRUE(old);
  EXPECT_FALSE(old->judges->at(0).error);
}

TEST(ChangesSincePlan, StandInEveryFormOfTheReport) {
  auto summary = summary_of(planned_run(), 5);
  EXPECT_THAT(terminal_table(summary, {.width = 400}), HasSubstr("not as planned"));
  EXPECT_THAT(markdown_table(summary), HasSubstr("- not as planned: the margin is 5.0 points"));
  auto json = to_json(summary);
  ASSERT_EQ(json["changes_since_plan"].size(), 1u);
  EXPECT_EQ(json["changes_since_plan"][0]["what"], "margin");
  EXPECT_THAT(terminal_table(summary_of(planned_run())), Not(HasSubstr("not as planned")));
}

}  // namespace
}  // namespace iago
