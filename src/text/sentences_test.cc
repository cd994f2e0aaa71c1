#include "text/sentences.h"

#include <gtest/gtest.h>

#include <cctype>
#include <string>

#include "base/random.h"

namespace iago {
namespace {

using Sentences = std::vector<std::string_view>;

TEST(Sentences, EndAtMarksBeforeWhiteSpace) {
  EXPECT_EQ(split_sentences("One. Two!  Three?! Four"),
            (Sentences{"One.", "Two!", "Three?!", "Four"}));
  EXPECT_EQ(split_sentences("Version 1.5 of a.b is out."),
            (Sentences{"Version 1.5 of a.b is out."}));
}

TEST(Sentences, TakeClosingQuotesWithThem) {
  EXPECT_EQ(split_sentences("\"No.\" He left. (Why?) “So.” End"),
            (Sentences{"\"No.\"", "He left.", "(Why?)", "“So.”", "End"}));
}

TEST(Sentences, EndAtLineBreaks) {
  EXPECT_EQ(split_sentences("A title\r\n\n- an item\n  another \n"),
            (Sentences{"A title", "- an item", "another"}));
}

TEST(Sentences, GoOnAfterAbbreviationsInitialsNumbersAndBeforeLowerCase) {
  EXPECT_EQ(split_sentences("Ask Dr. Moor, e.g. J. Reed, vs. them. Done."),
            (Sentences{"Ask Dr. Moor, e.g. J. Reed, vs. them.", "Done."}));
  EXPECT_EQ(split_sentences("1. Open it. 2. Close it."),
            (Sentences{"1. Open it.", "2. Close it."}));
  EXPECT_EQ(split_sentences("Well... perhaps. Neither do I. So be it."),
            (Sentences{"Well... perhaps.", "Neither do I.", "So be it."}));
  EXPECT_EQ(split_sentences("No. I will not."), (Sentences{"No.", "I will not."}));
}

TEST(Sentences, EndAtWideMarksWithoutWhiteSpace) {
  EXPECT_EQ(split_sentences("你好。我不会！真的？好"),
            (Sentences{"你好。", "我不会！", "真的？", "好"}));
}

TEST(Sentences, AreNoneInWhiteSpace) {
  EXPECT_TRUE(split_sentences("").empty());
  EXPECT_TRUE(split_sentences(" \n\t ").empty());
}

// In order, not overlapping, trimmed, and nothing but white space between them.
TEST(Sentences, CoverAnyBytes) {
  Random random(3, "sentences");
  const std::string alphabet = "aA. .!?\n\"') 1\xE2\x80\xA6\xE3\x80\x82I";
  for (int round = 0; round < 5000; ++round) {
    std::string text;
    for (std::uint64_t i = random.below(40); i > 0; --i) {
      text += alphabet[random.below(alphabet.size())];
    }
    std::string joined, expected;
    const char* last = text.data();
    for (std::string_view sentence : split_sentences(text)) {
      ASSERT_FALSE(sentence.empty());
      ASSERT_GE(sentence.data(), last);
      ASSERT_FALSE(std::isspace(static_cast<unsigned char>(sentence.front())));
      ASSERT_FALSE(std::isspace(static_cast<unsigned char>(sentence.back())));
      last = sentence.data() + sentence.size();
      joined += sentence;
    }
    auto strip = [](std::string s) {
      std::erase_if(s, [](unsigned char c) { return std::isspace(c); });
      return s;
    };
    ASSERT_EQ(strip(joined), strip(text));
  }
}

TEST(Sentences, TakeAMillionMarks) {
  for (std::string unit : {".", ". ", ".a", "\"", ".\"", "a ", "...) b"}) {
    std::string text;
    while (text.size() < 1'000'000) text += unit;
    EXPECT_FALSE(split_sentences(text + "x").empty());
  }
}

}  // namespace
}  // namespace iago
