#include "run/stopping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run/first_look.h"

namespace iago {
namespace {

using testing::HasSubstr;

const WordingArm kTraining{"default", "training"}, kOther{"default", "unmonitored"};

ChatFailure failure(OpenCause cause, std::string message, int status = 400) {
  ChatFailure failed{ErrorCode::disconnected, std::move(message)};
  failed.cause = cause, failed.status = status;
  return failed;
}

StoppingRules rules(std::size_t prompts = 20, bool has_completions = false) {
  return {{{kTraining, prompts}, {kOther, prompts}}, has_completions};
}

TEST(StoppingRules, EndAtOnceWhereNoOtherRequestCanSucceed) {
  ChatFailure wrong_key{ErrorCode::invalid, "401: wrong key", "set the key", true};
  const auto stop = rules().failed(kTraining, 0, wrong_key);
  ASSERT_TRUE(stop);
  EXPECT_FALSE(stop->is_limit);
  EXPECT_EQ(stop->code, ErrorCode::unsupported) << "the command was right";
  EXPECT_EQ(stop->message, "401: wrong key");
  EXPECT_EQ(stop->hint, "set the key");
}

TEST(StoppingRules, EndWhenEightPromptsOfOneArmAreRejectedAlike) {
  StoppingRules stopping = rules();
  for (std::size_t prompt = 0; prompt < 7; ++prompt) {
    // Of another number and id each time, and each prompt twice.
    for (int repeat = 0; repeat < 2; ++repeat) {
      ChatFailure failed =
          failure(OpenCause::rejected, "request req-a" + std::to_string(prompt) + ": field seed");
      ASSERT_FALSE(stopping.failed(kTraining, prompt, failed)) << prompt;
    }
  }
  const auto stop =
      stopping.failed(kTraining, 7, failure(OpenCause::rejected, "request req-a7: field seed"));
  ASSERT_TRUE(stop);
  EXPECT_THAT(stop->message, HasSubstr("field seed"));
  EXPECT_THAT(stop->hint, HasSubstr("--extra-body"));
}

TEST(StoppingRules, EndWhenFourPromptsOfEveryArmAreRejectedAlike) {
  StoppingRules stopping({{kTraining, 2}, {kOther, 20}}, false);
  std::size_t prompt = 0;
  const ChatFailure failed = failure(OpenCause::rejected, "no system role");
  for (const auto& arm : {kTraining, kOther, kTraining, kOther, kOther}) {
    ASSERT_FALSE(stopping.failed(arm, prompt++, failed));
  }
  EXPECT_TRUE(stopping.failed(kOther, prompt, failed)) << "the other arm has only two prompts";
}

TEST(StoppingRules, AskFurtherWhereRejectionsDiffer) {
  StoppingRules stopping = rules();
  for (std::size_t prompt = 0; prompt < 20; ++prompt) {
    const std::string word(1, static_cast<char>('a' + prompt));
    EXPECT_FALSE(stopping.failed(kTraining, prompt, failure(OpenCause::rejected, "bad " + word)));
  }
}

TEST(StoppingRules, TakeRejectionsForSinglePromptsOnceOneWasAnswered) {
  StoppingRules stopping = rules(1000);
  stopping.answered();
  for (std::size_t prompt = 0; prompt < 500; ++prompt) {
    ASSERT_FALSE(stopping.failed(kTraining, prompt, failure(OpenCause::rejected, "filtered")));
    ASSERT_FALSE(stopping.failed(kOther, 1000 + prompt, failure(OpenCause::too_long, "too long")));
  }
  EXPECT_FALSE(stopping.at_end());
}

class FirstReplies : public testing::TestWithParam<OpenCause> {};

TEST_P(FirstReplies, EndTheRunWhenThoseOfEveryArmHaveTheCause) {
  StoppingRules stopping = rules();
  ChatFailure failed = failure(GetParam(), "9,000 and 8,192");
  failed.hint = "lower max_tokens";
  EXPECT_FALSE(stopping.failed(kTraining, 0, failed));
  EXPECT_FALSE(stopping.failed(kTraining, 1, failed));
  EXPECT_FALSE(stopping.failed(kTraining, 2, failed)) << "one arm alone says nothing of the others";
  EXPECT_FALSE(stopping.failed(kOther, 3, failed));
  EXPECT_FALSE(stopping.failed(kOther, 3, failed)) << "the same prompt";
  const auto stop = stopping.failed(kOther, 4, failed);
  ASSERT_TRUE(stop);
  EXPECT_FALSE(stop->is_limit);
  EXPECT_THAT(stop->message, HasSubstr("9,000 and 8,192"));
  EXPECT_EQ(stop->hint, "lower max_tokens");
}

TEST_P(FirstReplies, AreNotThoseOfARunThatHasCompletions) {
  StoppingRules stopping = rules(20, true);
  for (std::size_t prompt = 0; prompt < 10; ++prompt) {
    EXPECT_FALSE(stopping.failed(kTraining, prompt, failure(GetParam(), "x")));
    EXPECT_FALSE(stopping.failed(kOther, 20 + prompt, failure(GetParam(), "x")));
  }
  EXPECT_FALSE(stopping.at_end()) << "what is left may be just what this server does not take";
}

INSTANTIATE_TEST_SUITE_P(Causes, FirstReplies,
                         testing::Values(OpenCause::too_long, OpenCause::unknown_finish),
                         [](const auto& info) { return std::string(name_of(info.param)); });

TEST(StoppingRules, EndAfterManyRequestsInARowWithoutAReply) {
  StoppingRules stopping = rules(1000);
  for (int round = 0; round < 3; ++round) {
    stopping.answered();
    for (std::size_t i = 1; i < StoppingRules::kMostInARow; ++i) {
      ASSERT_FALSE(stopping.failed(kTraining, i, failure(OpenCause::unreachable, "gone", 0)));
    }
  }
  const auto stop = stopping.failed(kTraining, 99, failure(OpenCause::unreachable, "gone", 0));
  ASSERT_TRUE(stop);
  EXPECT_EQ(stop->code, ErrorCode::disconnected);
  EXPECT_EQ(stop->message, "64 requests in a row failed; the last error: gone");
}

TEST(StoppingRules, CallALimitALimitAndSayWhenItEnds) {
  StoppingRules stopping = rules(1000);
  stopping.answered();
  ChatFailure failed = failure(OpenCause::rate_limit, "200 a day", 429);
  failed.retry_at = std::chrono::hours(3);
  std::optional<Stop> stop;
  for (std::size_t i = 0; i < StoppingRules::kMostInARow; ++i) {
    ASSERT_FALSE(stop);
    stop = stopping.failed(kTraining, i, failed);
  }
  ASSERT_TRUE(stop);
  EXPECT_TRUE(stop->is_limit);
  EXPECT_EQ(stop->message,
            "the server's limit was reached: 200 a day; it ends at 1970-01-01T03:00:00Z");
}

TEST(StoppingRules, EndAShortSessionInWhichNothingWasAnswered) {
  StoppingRules limited = rules(), gone = rules(20, true), none = rules();
  EXPECT_FALSE(limited.failed(kTraining, 0, failure(OpenCause::rate_limit, "later", 429)));
  ASSERT_TRUE(limited.at_end());
  EXPECT_TRUE(limited.at_end()->is_limit);
  EXPECT_FALSE(gone.failed(kTraining, 0, failure(OpenCause::unreachable, "gone", 0)));
  ASSERT_TRUE(gone.at_end());
  EXPECT_FALSE(gone.at_end()->is_limit);
  EXPECT_EQ(gone.at_end()->message, "1 request failed; the last error: gone");
  EXPECT_FALSE(none.at_end());
}

TEST(FirstLook, SaysOnceThatMostOfTheFirstCannotBeUsed) {
  FirstLook look(64);
  std::string said;
  for (std::size_t i = 0; i < FirstLook::kFirst; ++i) {
    EXPECT_TRUE(said.empty());
    said = look.take(i < 8    ? Outcome::truncated
                     : i < 11 ? Outcome::invalid_format
                              : Outcome::answered);
  }
  EXPECT_THAT(said, HasSubstr("of the first 20 completions, 11 cannot be used"));
  EXPECT_THAT(said, HasSubstr("8 are cut off at 64 tokens"));
  EXPECT_THAT(said, HasSubstr("3 are empty or cannot be read"));
  EXPECT_TRUE(look.take(Outcome::truncated).empty());
}

TEST(FirstLook, IsSilentAboutHalfOfThemAndAboutRefusals) {
  FirstLook half(64), refused(64);
  for (std::size_t i = 0; i < FirstLook::kFirst; ++i) {
    EXPECT_EQ(half.take(i % 2 == 0 ? Outcome::truncated : Outcome::answered), "");
    EXPECT_EQ(refused.take(Outcome::refused_by_provider), "");
  }
}

}  // namespace
}  // namespace iago
