#include "chat/reply.h"

#include <gtest/gtest.h>

namespace iago {
namespace {

TEST(Reply, ThatFailedSaysWhy) {
  ChatReply reply = failed_reply({ErrorCode::overloaded, "try later", "wait"});
  EXPECT_EQ(reply.finish, Finish::failed);
  ASSERT_TRUE(reply.failure);
  EXPECT_EQ(reply.failure->code, ErrorCode::overloaded);
  EXPECT_EQ(reply.failure->message, "try later");
  EXPECT_EQ(reply.failure->hint, "wait");
  EXPECT_FALSE(reply.failure->ends_run);
  EXPECT_EQ(reply.text, "");
}

TEST(Reply, DropsThePrefillOnceAndOnlyAtItsBeginning) {
  auto without = [](std::string text, std::string_view prefill) {
    ChatReply reply{.text = std::move(text)};
    drop_repeated_prefill(reply, prefill);
    return reply.text;
  };
  EXPECT_EQ(without("Well, yes", "Well,"), " yes");
  EXPECT_EQ(without("Well, Well, yes", "Well, "), "Well, yes");
  EXPECT_EQ(without("Oh. Well, yes", "Well,"), "Oh. Well, yes");
  EXPECT_EQ(without("We", "Well,"), "We");
  EXPECT_EQ(without("yes", ""), "yes");
}

TEST(Reply, IsCutAtTheFirstOfItsStopStrings) {
  const std::vector<std::string> stop = {"<END>", "\n\n"};
  ChatReply reply{.finish = Finish::length, .text = "One.\n\nTwo.<END>"};
  EXPECT_TRUE(cut_at_stop(reply, stop));
  EXPECT_EQ(reply.text, "One.");
  EXPECT_EQ(reply.finish, Finish::stop);
  EXPECT_FALSE(cut_at_stop(reply, stop)) << "nothing is left to cut";
  ChatReply refused{.finish = Finish::refused, .text = "No.<END>"};
  EXPECT_TRUE(cut_at_stop(refused, stop));
  EXPECT_EQ(refused.finish, Finish::refused);
  ChatReply whole{.finish = Finish::length, .text = "One.<EN"};
  EXPECT_FALSE(cut_at_stop(whole, stop));
  EXPECT_EQ(whole.finish, Finish::length);
}

TEST(Reply, LosesTheTokensBehindItsStopStringAndShortensTheOneAcrossIt) {
  ChatReply reply{.text = "abcd|ef"};
  reply.token_texts = {"thought", "ab", "cd|", "ef", ""};
  reply.token_logprobs = {-1, -2, -3, -4, -5};
  const std::vector<std::string> stop = {"d|"};
  EXPECT_TRUE(cut_at_stop(reply, stop));
  EXPECT_EQ(reply.text, "abc");
  EXPECT_EQ(reply.token_texts, (std::vector<std::string>{"thought", "ab", "c"}));
  EXPECT_EQ(reply.token_logprobs, (std::vector<float>{-1, -2, -3}));
}

TEST(Reply, AStopStringIsFoundInATextThatGrowsAsInTheWholeText) {
  const std::vector<std::string> stop = {"aab", "ba", "c"};
  for (int number = 0; number < 3 * 3 * 3 * 3 * 3 * 3; ++number) {
    std::string text, grown;
    for (int rest = number, i = 0; i < 6; ++i, rest /= 3) text += static_cast<char>('a' + rest % 3);
    std::size_t found = std::string::npos;
    for (std::size_t size = 0; size < text.size() && found == std::string::npos; ++size) {
      grown += text[size];
      found = find_stop(grown, stop, size);
    }
    // The end that comes first ends the text that grows.
    const std::size_t expected = find_stop(grown, stop);
    EXPECT_EQ(found, expected) << text;
    EXPECT_EQ(found == std::string::npos, find_stop(text, stop) == std::string::npos) << text;
  }
}

}  // namespace
}  // namespace iago
