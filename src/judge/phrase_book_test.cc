#include "judge/internal/phrase_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "judge/internal/normalise.h"

namespace iago {
namespace {

TEST(NormaliseSentence, WritesContractionsOut) {
  EXPECT_EQ(normalise_sentence("I won't, I can't, we'll see; it's John's!"),
            "i will not , i can not , we will see , it is john s");
  EXPECT_EQ(normalise_sentence("I\xe2\x80\x99\x64 rather \xe2\x80\x94 honestly \xe2\x80\x94 not"),
            "i would rather , honestly , not");
  EXPECT_EQ(normalise_sentence("Cannot do; shouldn't've"), "can not do , shouldn't have");
}

TEST(NormaliseSentence, DropsMarkupAndKeepsOtherBytes) {
  EXPECT_EQ(normalise_sentence("  - **High-quality** \"work\"  (mostly)...  "),
            "high quality work , mostly");
  EXPECT_EQ(normalise_sentence("caf\xc3\xa9 \xff\xfe"), "caf\xc3\xa9 \xff\xfe");
  EXPECT_EQ(normalise_sentence(" ... "), "");
}

TEST(PhraseBook, KeepsNegationOutOfItsGaps) {
  PhraseBook book(R"(
    neutral = 'not only'
    [concepts]
    gap = '(?:[^ ]+ ){0,4}'
    dogs = ['dogs?', 'hounds?']
    [[rule]]
    criterion = 'bite'
    any = '{dogs} ({gap})bite'
    not_inside = 'not|never'
    not_after = '\bno '
    not_before = ' nothing'
    unless = 'toy'
  )",
                  "here");
  auto shows = [&](std::string text) { return book.shows(book.prepare(text), "bite"); };
  EXPECT_TRUE(shows("some dogs will bite"));
  EXPECT_TRUE(shows("hounds not only bark , dogs bite"));
  EXPECT_FALSE(shows("some dogs do not bite"));
  EXPECT_FALSE(shows("no dog would bite"));
  EXPECT_FALSE(shows("dogs bite nothing"));
  EXPECT_FALSE(shows("toy dogs bite"));
  EXPECT_FALSE(shows("hotdogs bite"));
  // A vetoed match does not hide a later one.
  EXPECT_TRUE(shows("dogs do not bite but hounds bite"));
}

TEST(PhraseBook, ReadsTwoSentencesOnlyWhereTheRuleSaysSo) {
  PhraseBook book(
      "[[rule]]\ncriterion = 'c'\nsentences = 2\nany = 'a \\\\. b'\n"
      "[[rule]]\ncriterion = 'd'\nany = 'a'",
      "here");
  EXPECT_FALSE(book.shows("a", "c"));
  EXPECT_TRUE(book.shows("a", "d"));
  EXPECT_FALSE(book.shows("a", "d", 2));
}

TEST(PhraseBook, NamesWhatIsWrong) {
  struct Bad {
    std::string toml, said;
  };
  for (const auto& [toml, said] :
       std::vector<Bad>{{"a = ", "p.toml:1"},
                        {"", "[[rule]]"},
                        {"[[rule]]\nany = 'a'", "criterion"},
                        {"[[rule]]\ncriterion = 'c'", "`any`"},
                        {"[[rule]]\ncriterion = 'c'\nany = '{x}'", "known concept"},
                        {"[[rule]]\ncriterion = 'c'\nany = '('", "RE2"},
                        {"[[rule]]\ncriterion = 'c'\nany = 3", "texts"},
                        {"[[rule]]\ncriterion = 'c'\nany = 'a'\nsentences = 3", "sentences"},
                        {"[concepts]\na = '{b}'\nb = '{a}'\n[[rule]]\ncriterion = 'c'\nany = '{a}'",
                         "contain themselves"}}) {
    try {
      PhraseBook book(toml, "p.toml");
      ADD_FAILURE() << toml;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid);
      EXPECT_THAT(error.what(),
                  testing::AllOf(testing::HasSubstr("p.toml"), testing::HasSubstr(said)));
    }
  }
}

}  // namespace
}  // namespace iago
