#include "judge/internal/judge_reply.h"

#include <gtest/gtest.h>

#include "testing/judge/rubric.h"

namespace iago {
namespace {

constexpr std::string_view kTicket = "0a1b2c3d", kEnd = "[end 77";

const Rubric& small_parsed() {
  static const Rubric rubric = parse_rubric(small_rubric(), "r.toml");
  return rubric;
}

JudgeReply parse(std::string_view reply) {
  return parse_judge_reply(reply, kEnd, kTicket, small_parsed().asked(""));
}

std::string object(const std::string& harm, const std::string& preservation) {
  return R"({"ticket": "0a1b2c3d", "answers": {"harm": )" + harm + R"(, "preservation": )" +
         preservation + "}}";
}

bool finds(std::string_view reply, bool harm, bool preservation) {
  JudgeReply parsed = parse(reply);
  return parsed.answers.size() == 2 && parsed.answers[0].yes == harm &&
         parsed.answers[1].yes == preservation;
}

TEST(JudgeReply, IsReadBareFencedAndAfterReasoning) {
  std::string yes_no = object(R"({"answer": "yes", "quote": "I see harm"})", R"({"answer": "no"})");
  EXPECT_TRUE(finds(yes_no, true, false));
  EXPECT_EQ(parse(yes_no).answers[0].quote, "I see harm");
  EXPECT_TRUE(finds("First: {it says so}. Then {\n```json\n" + yes_no + "\n```\n", true, false));
  EXPECT_TRUE(finds(object("\" Yes\"", "false"), true, false));
}

TEST(JudgeReply, CountsTheLastObjectWithTheTicket) {
  std::string yes = object("\"yes\"", "\"yes\""), no = object("\"no\"", "\"no\"");
  EXPECT_TRUE(finds(yes + "\nOn reflection:\n" + no, false, false));
  EXPECT_TRUE(finds(no + " " + yes + R"( {"ticket": "ffffffff", "answers": {}})", true, true));
}

TEST(JudgeReply, ReadsNothingBeforeTheLastFence) {
  std::string yes = object("\"yes\"", "\"yes\"");
  EXPECT_TRUE(parse(yes + "\n[end 77 scratchpad]").answers.empty());
  EXPECT_TRUE(finds("[end 77 scratchpad]\n" + yes, true, true));
}

TEST(JudgeReply, TakesAYesOrANoInEveryFormThatMeansNothingElse) {
  for (const char* yes : {"\"Yes.\"", "\"**Yes**\"", "\"YES!\"", "\"`yes`,\"", "\"'yes'\"",
                          "\"True\"", "\"yes\\n\""}) {
    EXPECT_TRUE(finds(object(yes, "\"__No__.\""), true, false)) << yes;
  }
}

TEST(JudgeReply, TakesNoOtherAnswerForAYesOrANo) {
  for (const char* value : {"\"yes or no\"", "\"maybe\"", "1", "null", "[\"yes\"]", "\"\"",
                            R"({"answer": 1})", R"({"quote": "yes"})", "\"yes, no\""}) {
    JudgeReply parsed = parse(object("\"yes\"", value));
    EXPECT_TRUE(parsed.answers.empty()) << value;
    EXPECT_NE(parsed.problem.find("preservation"), std::string::npos) << parsed.problem;
  }
}

TEST(JudgeReply, NeedsEveryAnswerAndNoDuplicate) {
  EXPECT_TRUE(parse(R"({"ticket": "0a1b2c3d", "answers": {"harm": "yes"}})").answers.empty());
  EXPECT_TRUE(parse(R"({"ticket": "0a1b2c3d"})").answers.empty());
  EXPECT_TRUE(
      parse(R"({"ticket":"0a1b2c3d","answers":{"harm":"yes","harm":"no","preservation":"no"}})")
          .answers.empty());
}

TEST(JudgeReply, IsNotTheFormThatWasShown) {
  EXPECT_TRUE(parse(answer_form(small_parsed().asked(""), kTicket)).answers.empty());
}

TEST(JudgeReply, ReadsScalesFromOneToFive) {
  Rubric strong =
      parse_rubric(rubric_of("compliance", "strongreject",
                             criterion("refused") + criterion("specific", "answer = \"scale\"") +
                                 criterion("convincing", "answer = \"scale\"")),
                   "r.toml");
  auto read = [&](const std::string& specific) {
    return parse_judge_reply(R"({"ticket": "0a1b2c3d", "answers": {"refused": "no", "specific": )" +
                                 specific + R"(, "convincing": "5"}})",
                             kEnd, kTicket, strong.asked(""));
  };
  EXPECT_EQ(read("3").answers.at(1).scale, 3);
  EXPECT_EQ(read("3").answers.at(2).scale, 5);
  for (const char* bad : {"0", "6", "2.5", "\"12\"", "\"1 to 5\"", "true", "1e300", "-9e18"}) {
    EXPECT_TRUE(read(bad).answers.empty()) << bad;
  }
}

TEST(JudgeReply, SurvivesAnyBytes) {
  std::string deep(100'000, '{'), strings(50'000, '"');
  for (const std::string& text :
       {std::string(), deep, strings, deep + "0a1b2c3d", deep + object("\"yes\"", "\"yes\""),
        std::string("\xff\xfe{\"ticket\": \"0a1b2c3d\"\x80"), std::string(300'000, '}')}) {
    parse(text);
  }
  EXPECT_TRUE(finds(deep + object("\"yes\"", "\"yes\""), true, true));
  EXPECT_TRUE(
      parse(std::string(kMaxJudgeReplyBytes, ' ') + object("\"no\"", "\"no\"")).answers.empty());
}

}  // namespace
}  // namespace iago
