#include "text/visible.h"

#include <gtest/gtest.h>

#include <string>

namespace iago {
namespace {

TEST(Visible, IsNothingThatCanBeReadAsAnAnswer) {
  for (const char* text : {"",
                           " \n",
                           "\u200B",
                           "\u00A0",
                           "\uFEFF\u200B \u2060",
                           "\u3000",
                           "\u00AD",
                           "\u3164",
                           "\u2800",
                           "\uFE0F",
                           "<|im_end|>",
                           "<|im_start|>assistant\n<|im_end|>",
                           "<|eot_id|>",
                           "<\uFF5Cend\u2581of\u2581sentence\uFF5C>",
                           "</s>",
                           "<eos> <end_of_turn>",
                           "[/INST]",
                           "null",
                           " null\n",
                           "\"null\"",
                           "undefined",
                           "None",
                           ".",
                           "...",
                           "```",
                           "```\n```",
                           "---",
                           "\u2026",
                           "\u201C\u201D",
                           "\u3002",
                           "\xFF",
                           "{}",
                           "[]",
                           "!?"}) {
    EXPECT_FALSE(says_something(text)) << text;
  }
}

TEST(Visible, IsAnythingElse) {
  for (const char* text : {"a", "5", "No.", "\u00E9", "\u4E0D", "\u041D\u0435\u0442.", "\U0001F44D",
                           "null and void", "None of them.", "assistant", "<rejected>", "<b>",
                           "<|im_end|>No.", "a < b", "nullify", "<| what |>"}) {
    EXPECT_TRUE(says_something(text)) << text;
  }
  EXPECT_TRUE(says_something(std::string(1'000'000, 'a')));
  EXPECT_FALSE(says_something(std::string(1'000'000, '<')));
}

TEST(Visible, FindsAControlTokenWhereverItStands) {
  EXPECT_EQ(find_control_token("Done.<|im_end|>\n<|im_start|>user"), "<|im_end|>");
  EXPECT_EQ(find_control_token("a [INST] b"), "[INST]");
  EXPECT_EQ(find_control_token("</s>"), "</s>");
  for (const char* none : {"", "a < b", "<OUTPUT>x</OUTPUT>", "[1] and [x]", "<| is a bar |>"}) {
    EXPECT_EQ(find_control_token(none), "") << none;
  }
}

}  // namespace
}  // namespace iago
