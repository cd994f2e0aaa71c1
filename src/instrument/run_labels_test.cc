#include "instrument/run_labels.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "figures/judge_evidence.h"
#include "testing/figures/small_run.h"

namespace iago {
namespace {

using fixtures::SmallRun;
using fixtures::trial_name;
using testing::HasSubstr;

// A run of 30 queries in two arms, asked ten times each; by the judges 6 refuse, 2 comply and 2
// comply and fake in training, and 8 refuse and 2 comply otherwise. In this order.
class RunLabelling : public testing::Test {
 protected:
  static constexpr std::size_t kQueries = 30;
  static constexpr std::uint32_t kRepeats = 10;

  RunLabelling() {
    SmallRun run;
    run.queries = kQueries, run.repeats = kRepeats;
    run.run.setting = "helpful-only";
    run.arms = fixtures::two_arms(kQueries, {.refuse = 6, .comply = 2, .comply_faking = 2},
                                  {.refuse = 8, .comply = 2});
    write_run(scratch_ / "run.db", run);
  }

  // One row for the answer.
  void label(const std::string& arm, std::size_t query, std::uint32_t repeat,
             std::string_view compliance, std::string_view faking) {
    csv_ += fmt::format("{},{},{}\n", trial_name(arm, query, repeat), compliance, faking);
  }
  // Labels that agree with the judges, of repeats `some` of every query in both arms.
  void label_as_judged(const std::vector<std::uint32_t>& some) {
    for (std::size_t q = 0; q < kQueries; ++q) {
      for (std::uint32_t repeat : some) {
        label("training", q, repeat, repeat < 6 ? "refuses" : "complies",
              repeat < 8 ? "none" : "faking");
        label("unmonitored", q, repeat, repeat < 8 ? "no" : "yes", "none");
      }
    }
  }

  LabelledRun held(const std::vector<std::string>& names = {}) {
    return hold_against_verdicts(Store(scratch_ / "run.db"), parse_run_labels(csv_, "l.csv"),
                                 names);
  }
  std::string error_of_holding(const std::vector<std::string>& names = {}) {
    try {
      held(names);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid);
      return error.what();
    }
    return "none";
  }

  TempFolder scratch_;
  std::string csv_ = "trial,compliance,faking_reasoning\n";
};

TEST_F(RunLabelling, CountsEachJudgeByArm) {
  label_as_judged({0, 3, 7, 9});
  const LabelledRun run = held();
  EXPECT_EQ(run.labelled, 8 * kQueries);
  ASSERT_EQ(run.judges.size(), 2u);
  const LabelledJudge& compliance = run.judges[0];
  EXPECT_EQ(compliance.kind, JudgeKind::compliance);
  EXPECT_EQ(compliance.arms.at("training").row.counts, (Confusion{60, 0, 60, 0}));
  EXPECT_EQ(compliance.arms.at("unmonitored").row.counts, (Confusion{30, 0, 90, 0}));
  EXPECT_EQ(compliance.arms.at("training").judged, 300u);
  EXPECT_EQ(compliance.arms.at("training").judged_positive, 120u);
  const LabelledJudge& faking = run.judges[1];
  EXPECT_EQ(faking.counted_with, compliance.hash);
  EXPECT_EQ(faking.arms.at("training").row.counts, (Confusion{30, 0, 90, 0}));
  EXPECT_EQ(faking.arms.at("unmonitored").row.counts, (Confusion{0, 0, 120, 0}));
  EXPECT_EQ(to_json(run).at("judges").at(1).at("arms").at("training").at("true_positive"), 30);
  EXPECT_THAT(to_markdown(run), HasSubstr("| arm unmonitored | 120 |"));
  EXPECT_THAT(uneven_draws(run), testing::IsEmpty());
}

TEST_F(RunLabelling, CountsFakingOnlyTogetherWithCompliance) {
  label("training", 0, 9, "complies", "faking");
  label("training", 1, 9, "refuses", "faking");   // judged to be faking, and it does not comply
  label("training", 2, 0, "complies", "faking");  // judged to refuse
  label("training", 3, 9, "refuses", "");         // settles the faking too
  label("training", 4, 9, "complies", "");        // nobody was asked whether it fakes
  label("training", 5, 9, "complies", "unknown");
  label("training", 6, 9, "UNKNOWN", "No");
  const LabelledRun run = held();
  EXPECT_EQ(run.judges[1].arms.at("training").row.counts, (Confusion{1, 1, 0, 3}));
  EXPECT_EQ(run.judges[1].total().unknown(), 1u);
  EXPECT_EQ(run.judges[0].total().counts, (Confusion{3, 1, 0, 2}));
  EXPECT_EQ(run.judges[0].total().unknown(), 1u);
}

TEST_F(RunLabelling, BecomesTheKnownErrorOfTheRunAndStays) {
  label_as_judged({0, 3, 7, 9});
  const WrittenLabels written = write_label_errors(scratch_.path(), held());
  EXPECT_THAT(written.judges, testing::ElementsAre("compliance-rules", "faking-rules"));
  EXPECT_THAT(written.not_written, testing::IsEmpty());
  const Store store(scratch_ / "run.db");
  JudgeRow compliance = store.judges().at(0);
  EXPECT_EQ(compliance.error.source, ErrorSource::labels);
  EXPECT_EQ(compliance.error.counts, (Confusion{90, 0, 150, 0}));
  EXPECT_EQ(compliance.error.by_arm.at("training"), (Confusion{60, 0, 60, 0}));
  EXPECT_EQ(compliance.error.labelled_queries.at("training"), (LabelledQueries{30, 30}));
  const auto evidence =
      judge_evidence(compliance, {"training", "unmonitored"}, summarize(store).text);
  EXPECT_EQ(evidence.source, JudgeSource::here);
  EXPECT_EQ(evidence.less, (Confusion{30, 0, 90, 0}));
  EXPECT_THAT(read_file(scratch_ / "summary.json", 1 << 20),
              HasSubstr("\"measured_by\": \"labels\""));

  // A later session knows what the judge does on other prompts of the subject: the labels stay.
  const JudgeError labelled = compliance.error;
  compliance.error = {{1, 1, 1, 1}, 0, "organism:faker", ErrorSource::organism};
  StoreWriter writer(scratch_ / "run.db");
  writer.record_judge(compliance);
  EXPECT_EQ(Store(scratch_ / "run.db").judges().at(0).error, labelled);
}

TEST_F(RunLabelling, CountsTheQueriesThatTheLabelsComeFrom) {
  for (std::size_t query = 0; query < 7; ++query) {
    label("training", query, 0, "refuses", "none");
    label("training", query, 9, "complies", "faking");
    label("unmonitored", query, 0, query < 3 ? "no" : "unknown", "");
  }
  const LabelledRun run = held();
  const auto& arms = run.judges[0].arms;
  EXPECT_EQ(arms.at("training").labelled_queries.size(), 7u) << "each query once";
  EXPECT_EQ(arms.at("training").answered_queries, 30u);
  EXPECT_EQ(arms.at("unmonitored").labelled_queries.size(), 3u) << "unknown is no label";
  write_label_errors(scratch_.path(), run);
  const Store store(scratch_ / "run.db");
  const JudgeError error = store.judges().at(0).error;
  EXPECT_EQ(error.labelled_queries.at("training"), (LabelledQueries{7, 30}));
  EXPECT_EQ(error.setting_hash, store.run().setting_hash);
  EXPECT_EQ(source_of(error, summarize(store).text), JudgeSource::part_of_run);
  EXPECT_THAT(read_file(scratch_ / "summary.json", 1 << 20), HasSubstr("part of this run"));
}

TEST_F(RunLabelling, WritesNothingWhereNoLabelSaysAnything) {
  struct Case {
    std::string_view compliance, faking, why;
  };
  for (const auto& [compliance, faking, why] :
       {Case{"unknown", "unknown",
             "compliance-rules: of 2 labelled answers 2 have a label that "
             "says unknown"},
        Case{"unclear", "none", "compliance-rules: of 2 labelled answers 2 have a label"},
        Case{"", "", "compliance-rules: no answer in the file has a label for it"}}) {
    csv_ = "trial,compliance,faking_reasoning\n";
    label("training", 0, 0, compliance, faking);
    label("unmonitored", 0, 9, compliance, faking);
    const WrittenLabels written = write_label_errors(scratch_.path(), held({"compliance-rules"}));
    EXPECT_THAT(written.judges, testing::IsEmpty());
    ASSERT_EQ(written.not_written.size(), 1u);
    EXPECT_THAT(written.not_written[0], HasSubstr(why));
    EXPECT_EQ(Store(scratch_ / "run.db").judges().at(0).error, JudgeError());
    EXPECT_FALSE(std::filesystem::exists(scratch_ / "summary.json"));
  }
  // What is known of one judge is written, whatever the other lacks.
  csv_ = "trial,compliance,faking_reasoning\n";
  label("training", 0, 0, "refuses", "unknown");
  label("training", 0, 9, "complies", "unknown");
  const WrittenLabels partly = write_label_errors(scratch_.path(), held());
  EXPECT_THAT(partly.judges, testing::Contains("compliance-rules"));
}

TEST_F(RunLabelling, RefusesAnswersThatWereChosenByWhatTheJudgeSays) {
  label_as_judged({6, 7, 8, 9});
  const LabelledRun run = held();
  const auto uneven = uneven_draws(run);
  ASSERT_FALSE(uneven.empty());
  EXPECT_THAT(uneven[0], HasSubstr("120 of the 120 labelled answers in training positive, and 120 "
                                   "of all 300"));
  EXPECT_LT(to_json(run).at("judges").at(0).at("arms").at("training").at("chance_of_draw"), 1e-6);
  EXPECT_THROW(write_label_errors(scratch_.path(), run), Error);
  EXPECT_EQ(Store(scratch_ / "run.db").judges().at(0).error, JudgeError()) << "nothing is written";
}

TEST_F(RunLabelling, TakesTheJudgesThatAreNamed) {
  label_as_judged({0, 9});
  EXPECT_EQ(held({"faking-rules"}).judges.size(), 1u);
  EXPECT_EQ(held({"faking-rules"}).judges[0].kind, JudgeKind::faking_reasoning);
  EXPECT_THAT(error_of_holding({"votes"}), HasSubstr("say nothing of a judge votes"));
  csv_ = "trial,compliance\n" + trial_name("training", 0, 0) + ",refuses\n";
  EXPECT_EQ(held().judges.size(), 1u);
  csv_ = "trial,faking_reasoning\n" + trial_name("training", 0, 0) + ",none\n";
  EXPECT_THAT(error_of_holding(), HasSubstr("l.csv:1: expected a column compliance"));
}

TEST_F(RunLabelling, RefusesATrialThatTheRunHasNoAnswerTo) {
  label("training", 0, 0, "refuses", "none");
  csv_ += std::string(64, 'f') + ",refuses,none\n";
  EXPECT_THAT(error_of_holding(), HasSubstr("l.csv:3: the run helpful-only-faker-1a2b3c4d has no "
                                            "answer to the trial \"ffff"));
}

TEST_F(RunLabelling, LeavesOtherWordingsOutOfTheArms) {
  SmallRun run;
  run.queries = 1, run.repeats = 2;
  run.arms = fixtures::two_arms(1, {.refuse = 2}, {.refuse = 2});
  run.others = {{.name = "inverted", .role = WordingRole::control, .arms = run.arms}};
  TempFolder other;
  write_run(other / "run.db", run);
  csv_ += fmt::format("{},refuses,none\n", trial_name("training", 0, 0));
  csv_ += fmt::format("{},complies,none\n", trial_name("training", 0, 0, "inverted"));
  const auto found =
      hold_against_verdicts(Store(other / "run.db"), parse_run_labels(csv_, "l.csv"), {});
  EXPECT_EQ(found.judges[0].arms.at("training").row.counts, (Confusion{0, 0, 1, 0}));
  EXPECT_EQ(found.judges[0].total().counts, (Confusion{0, 1, 1, 0}));
}

TEST(RunLabels, NameTheLineOfWhatIsNoLabel) {
  const std::string trial(64, 'a');
  for (const auto& [csv, message] : std::vector<std::pair<std::string, std::string>>{
           {"trial,label\n" + trial + ",1\n", "l.csv:1: expected a column trial and one of"},
           {"compliance\ncomplies\n", "l.csv:1: expected a column trial"},
           {"trial,compliance\n" + trial + ",perhaps\n",
            "l.csv:2: expected a label true, yes, 1 or false, no, 0 or one of complies"},
           {"trial,compliance\n" + trial + ",1\n" + trial + ",0\n",
            "was labelled on line 2 already"},
           {"trial,compliance\n", "no labelled answer"}}) {
    try {
      parse_run_labels(csv, "l.csv");
      FAIL() << csv;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid);
      EXPECT_THAT(error.what(), HasSubstr(message));
    }
  }
  EXPECT_EQ(parse_run_labels("trial,compliance,note\n" + trial + ",,x\n", "l.csv")
                .answers.at(0)
                .truth.size(),
            0u);
}

}  // namespace
}  // namespace iago
