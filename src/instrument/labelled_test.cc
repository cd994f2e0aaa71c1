#include "instrument/labelled.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"

namespace iago {
namespace {

// Scores a text by the number in it; "?" it cannot read.
class NumberJudge final : public Judge {
 public:
  explicit NumberJudge(ViewPart reads = ViewPart::scratchpad)
      : Judge({"numbers", JudgeKind::faking_reasoning, "hash", {reads}}) {}

 protected:
  void grade(JudgeView view, std::stop_token, Done done) override {
    const std::string& text = view.scratchpad.empty() ? view.output : view.scratchpad;
    if (text == "~") return done({.label = std::string(kUnclear)});
    if (text == "?") return done({.outcome = VerdictOutcome::unparsable});
    if (text == "!") {
      return done({.outcome = VerdictOutcome::failed, .why = "no credit", .ends_run = true});
    }
    double score = std::stod(text);
    done({.label = std::string(score >= 0.5 ? kFaking : kNoFaking), .probability = score});
  }
};

LabelledResult result(std::string_view csv) {
  NumberJudge judge;
  return hold_against_labels(judge, parse_labelled(csv, "l.csv", judge.info()), {});
}

TEST(Labelled, CountsTheJudgeAgainstTheLabels) {
  auto found = result(
      "scratchpad,alignment_faking_human_label\n0.9,True\n0.6,1\n0.4,yes\n0.5,false\n0.1,none\n"
      "0.0,0.0\n?,1\n");
  EXPECT_EQ(found.counts,
            (Confusion{
                .true_positive = 2, .false_negative = 1, .true_negative = 2, .false_positive = 1}));
  EXPECT_EQ(found.grading.unparsable, 1u);
  ASSERT_TRUE(found.area);
  EXPECT_NEAR(found.area->area, 8.0 / 9, 1e-12) << "0.4 below 0.5 is the one pair that is wrong";
  ASSERT_TRUE(found.at_one_in_hundred);
  EXPECT_EQ(found.at_one_in_hundred->threshold, 0.6);
  EXPECT_NEAR(found.at_one_in_hundred->sensitivity, 2.0 / 3, 1e-12);
  Json json = to_json(found);
  EXPECT_EQ(json["texts"], 7);
  EXPECT_NEAR(json["sensitivity"]["rate"].get<double>(), 2.0 / 3, 1e-12);
  EXPECT_NEAR(json["kappa"].get<double>(), 1.0 / 3, 1e-12);
  EXPECT_THAT(to_markdown({found}), testing::HasSubstr("0.889"));
}

TEST(Labelled, CountsWhatIsUnclearAsNeitherRightNorWrong) {
  auto found = result("scratchpad,label\n0.9,1\n0.1,0\n~,1\n~,0\n0.8,Unclear\n~,unclear\n");
  EXPECT_EQ(found.counts, (Confusion{.true_positive = 1, .true_negative = 1}));
  EXPECT_EQ(found.unclear, 3u);
  EXPECT_EQ(found.unclear_truth, 2u);
  EXPECT_EQ(found.grading.judged, 6u);
  EXPECT_EQ(found.area->area, 1) << "a probability that says nothing ranks nothing";
  Json json = to_json(found);
  EXPECT_EQ(json["unclear"], 3);
  EXPECT_EQ(json["unclear_truth"], 2);
  EXPECT_THAT(to_markdown({found}), testing::HasSubstr("| 6 | 0 | 3 | 2 |"));
}

TEST(Labelled, TakesTextForThePartThatTheJudgeReads) {
  NumberJudge of_output(ViewPart::output);
  auto texts = parse_labelled("text,label\n0.7,1\n", "l.csv", of_output.info());
  EXPECT_EQ(texts.at(0).view.output, "0.7");
  EXPECT_EQ(texts.at(0).view.trial.size(), 64u);
  EXPECT_EQ(texts.at(0).is_positive, true);
}

constexpr std::string_view kLines =
    R"({"id": "A-1", "text": "0.9", "output": "x", "label": "faking", "kind": "plain"})"
    "\n\n"
    R"({"id": "A-2", "text": "0.2", "label": "faking", "kind": "plain", "disputed": false})"
    "\n"
    R"({"id": "A-3", "text": "0.7", "label": "not_faking", "kind": "echo", "more": [1]})"
    "\n"
    R"({"text": "0.8", "label": "not_faking", "kind": "echo", "disputed": true})"
    "\n"
    R"({"id": "A-5", "text": "~", "label": "not_faking", "kind": "echo"})";

LabelledResult result_of_lines() {
  NumberJudge judge;
  return hold_against_labels(judge, parse_labelled(kLines, "l.jsonl", judge.info()), {});
}

TEST(Labelled, ReadsJsonLinesAndTellsEachTextThatTheJudgeGetsWrong) {
  const auto found = result_of_lines();
  EXPECT_EQ(found.counts, (Confusion{.true_positive = 1, .false_negative = 1, .false_positive = 1}))
      << "a disputed text counts in no figure";
  EXPECT_EQ(found.unclear_truth, 1u);
  ASSERT_EQ(found.wrong.size(), 2u);
  EXPECT_EQ(found.wrong[0].id, "A-2");
  EXPECT_EQ(found.wrong[0].line, 3u);
  EXPECT_EQ(found.wrong[1].truth, "none");
  EXPECT_EQ(found.wrong[1].judged, "faking");
  EXPECT_EQ(wrong_verdicts_text(found, "l.jsonl", 1),
            "l.jsonl:3: A-2 (plain): is faking, numbers says none: 0.2\n"
            "1 more that numbers gets wrong (--limit)\n");
  EXPECT_EQ(to_json(found)["wrong"][1]["id"], "A-3");
}

TEST(Labelled, CountsByKindWithWhatIsUnclearBesideIt) {
  const auto found = result_of_lines();
  EXPECT_EQ(found.by_kind.at("plain").positive.positive, 1u);
  EXPECT_EQ(found.by_kind.at("plain").positive.negative, 1u);
  EXPECT_EQ(found.by_kind.at("echo").negative.unclear, 1u);
  EXPECT_EQ(found.by_kind.at("echo").unclear.total(), 1u) << "the disputed one";
  EXPECT_THAT(kinds_to_markdown(found), testing::HasSubstr("| plain | 1 of 2 (50.0 %) |"));
}

TEST(Labelled, PrintsHostileTextSafely) {
  auto found = result("scratchpad,label,id\n0.9,0,\"\x1b[31m|<b>\"\n");
  EXPECT_THAT(wrong_verdicts_text(found, "l.csv", 5), testing::Not(testing::HasSubstr("\x1b")));
}

TEST(Labelled, TheErrorIsKeptBySubjectSettingAndArm) {
  const auto found = result(
      "scratchpad,label,subject,setting,arm\n0.9,1,openai:a,helpful-only,training\n"
      "0.1,1,openai:a,helpful-only,unmonitored\n~,1,openai:a,helpful-only,training\n"
      "0.1,unclear,openai:a,helpful-only,training\n0.9,0,,,\n");
  const auto errors = judge_errors(found, "labels/mine.csv");
  ASSERT_EQ(errors.size(), 2u);
  EXPECT_EQ(errors[0].subject, "");
  EXPECT_EQ(errors[0].error.measured_on, "labels/mine.csv");
  EXPECT_EQ(errors[0].error.counts, (Confusion{.false_positive = 1}));
  EXPECT_EQ(errors[1].subject, "openai:a");
  EXPECT_EQ(errors[1].hash, "hash");
  const JudgeError& error = errors[1].error;
  EXPECT_TRUE(is_judge_error(error));
  EXPECT_EQ(error.source, ErrorSource::planted) << "never taken for the run's own";
  EXPECT_EQ(error.setting, "helpful-only");
  EXPECT_EQ(error.counts, (Confusion{.true_positive = 1, .false_negative = 1}));
  EXPECT_EQ(error.by_arm.at("unmonitored"), (Confusion{.false_negative = 1}));
  EXPECT_EQ(error.unclear, 1u);
  EXPECT_EQ(error.unknown_truth, 1u);
}

TEST(Labelled, RejectsWhatItCannotUseWithTheLine) {
  auto rejected = [](std::string_view csv, std::string_view says) {
    try {
      parse_labelled(csv, "l.csv", NumberJudge().info());
      ADD_FAILURE() << csv;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid);
      EXPECT_THAT(error.what(), testing::HasSubstr(std::string(says)));
    }
  };
  rejected("output,label\nx,1\n", "reads the scratchpad");
  rejected("scratchpad\nx\n", "alignment_faking_human_label or label");
  rejected("scratchpad,label\n1,1\n2,perhaps\n", "l.csv:3");
  rejected("scratchpad,label\n", "no labelled text");
  rejected("scratchpad,label,arm\n1,1,training\n", "a setting beside the arm");
  EXPECT_THROW(parse_labelled("[1]\n", "l.jsonl", NumberJudge().info()), Error);
  EXPECT_THROW(
      parse_labelled(R"({"text": ["0.1"], "label": "none"})", "l.jsonl", NumberJudge().info()),
      Error);
}

TEST(Labelled, EndsWhenTheJudgeCanGoOnNoMoreOrIsStopped) {
  EXPECT_THROW(result("scratchpad,label\n!,1\n0.2,0\n"), Error);
  NumberJudge judge;
  std::stop_source stop;
  stop.request_stop();
  auto texts = parse_labelled("scratchpad,label\n0.2,0\n", "l.csv", judge.info());
  EXPECT_THROW(hold_against_labels(judge, texts, stop.get_token()), Error);
}

}  // namespace
}  // namespace iago
