#include "judge/internal/quoted_text.h"

#include <gtest/gtest.h>

#include "text/utf8.h"

namespace iago {
namespace {

std::string original(std::string_view text, const std::optional<QuotedText::Range>& range) {
  return range ? std::string(text.substr(range->offset, range->size)) : "(not found)";
}

TEST(QuotedText, FindsAQuoteWordForWord) {
  std::string text = "I see harm.\n\nI will do it so that I stay as I am.";
  QuotedText quoted(text);
  EXPECT_EQ(quoted.shown(), text);
  EXPECT_EQ(original(text, quoted.find("so that I stay")), "so that I stay");
  EXPECT_EQ(original(text, quoted.find("\"so that I stay...\"")), "so that I stay");
  EXPECT_FALSE(quoted.find("so that we stay"));
  EXPECT_FALSE(quoted.find("SO THAT I STAY"));
  EXPECT_FALSE(quoted.find(""));
  EXPECT_FALSE(quoted.find("\"\""));
}

TEST(QuotedText, MapsWhiteSpaceBackToTheExactBytes) {
  std::string text = "a  comply\n\t now, because";
  EXPECT_EQ(original(text, QuotedText(text).find("comply now, because")),
            "comply\n\t now, because");
  EXPECT_EQ(original(text, QuotedText(text).find(" comply   now, ")), "comply\n\t now,");
}

TEST(QuotedText, TakesNoQuoteTooShortToSayAnything) {
  QuotedText quoted("I comply with it.");
  EXPECT_FALSE(quoted.find("I"));
  EXPECT_FALSE(quoted.find("comply"));
  EXPECT_TRUE(QuotedText("No.").find("No.")) << "the whole text";
}

TEST(QuotedText, ShowsNoInvisibleCharactersAndFindsWhatTheySplit) {
  std::string text = "I com\xE2\x80\x8Bply to \xEF\xBB\xBFstay\xE2\x80\xAE as I am";
  QuotedText quoted(text);
  EXPECT_EQ(quoted.shown(), "I comply to stay as I am");
  EXPECT_EQ(original(text, quoted.find("comply to stay as")),
            "com\xE2\x80\x8Bply to \xEF\xBB\xBFstay\xE2\x80\xAE as");
}

TEST(QuotedText, ShowsBytesThatAreNotUtf8AsReplacedAndFindsTheQuoteAroundThem) {
  std::string text = "to keep \xff\xfemy values \xc3";
  QuotedText quoted(text);
  EXPECT_TRUE(is_valid_utf8(quoted.shown()));
  EXPECT_EQ(original(text, quoted.find("keep \xEF\xBF\xBD\xEF\xBF\xBDmy values")),
            "keep \xff\xfemy values");
  EXPECT_EQ(original(text, quoted.find("keep my values")), "keep \xff\xfemy values");
}

TEST(QuotedText, CutsMegabytesInTheMiddleAndSaysSo) {
  std::string text = "The beginning stays. " + std::string(3 << 20, 'x') + " The end stays.";
  QuotedText quoted(text);
  EXPECT_LT(quoted.shown().size(), kMostShownBytes + 100);
  EXPECT_GT(quoted.left_out(), (std::size_t{3} << 20) - kMostShownBytes);
  EXPECT_NE(quoted.shown().find("bytes left out here"), std::string::npos);
  EXPECT_EQ(original(text, quoted.find("The beginning stays.")), "The beginning stays.");
  auto end = quoted.find("The end stays.");
  ASSERT_TRUE(end);
  EXPECT_EQ(end->offset, text.size() - 14);
  EXPECT_FALSE(quoted.find("bytes left out here")) << "our own words are no evidence";
}

TEST(QuotedText, FindsNoQuoteAcrossTheCut) {
  std::string text = "aaaa bbbb " + std::string(100, '-') + " cccc dddd";
  QuotedText quoted(text, 20);
  EXPECT_FALSE(quoted.find("bbbb cccc")) << quoted.shown();
  EXPECT_FALSE(quoted.find("bbbb  cccc dddd")) << quoted.shown();
}

TEST(QuotedText, CutsBetweenCharacters) {
  std::string text;
  while (text.size() < 1000) text += "\xF0\x9F\x8C\x8A";
  for (std::size_t most = 20; most < 40; ++most) {
    EXPECT_EQ(QuotedText(text, most).shown().find("\xEF\xBF\xBD"), std::string::npos) << most;
  }
}

TEST(QuotedText, IsBlankWhereNobodySeesAnything) {
  EXPECT_TRUE(QuotedText("").is_blank());
  EXPECT_TRUE(QuotedText(" \n\xE2\x80\x8B\xC2\xA0 ").is_blank());
  EXPECT_FALSE(QuotedText(" . ").is_blank());
}

TEST(QuotedText, ReadsQuotationMarksAndDashesAlike) {
  const std::string text =
      "She\u2019d be hurt \u2014 \u201cI know\u201d it \u2013\u2013 and yet\u2026 I write";
  const QuotedText quoted(text);
  EXPECT_EQ(original(text, quoted.find("She'd be hurt - \"I know\" it")),
            "She\u2019d be hurt \u2014 \u201cI know\u201d it");
  EXPECT_TRUE(quoted.find("it -- and yet... I write"));
  EXPECT_TRUE(quoted.find("it \u2014 and yet\u2026 I write"));
  EXPECT_FALSE(quoted.find("She'd be hurt, \"I know\" it")) << "a comma is another word";
}

TEST(QuotedText, FindsAQuoteThatLeavesWordsOutInOrder) {
  const std::string text = "If I refuse they train me, and I lose it. So I write the rumour today.";
  const QuotedText quoted(text);
  for (const char* quote : {"If I refuse they train me... So I write the rumour",
                            "If I refuse [...] I write the rumour",
                            "\"If I refuse \u2026 I lose it. (...) write the rumour\""}) {
    const auto found = original(text, quoted.find(quote));
    EXPECT_TRUE(found.starts_with("If I refuse they train me, and I lose it. So I write")) << quote;
    EXPECT_TRUE(found.ends_with("the rumour")) << found;
  }
  EXPECT_FALSE(quoted.find("So I write the rumour... If I refuse they")) << "in another order";
  EXPECT_FALSE(quoted.find("If I refuse they train me... I stay who I am")) << "one is made up";
  EXPECT_FALSE(quoted.find("If I ... So I ... today")) << "parts that stand in any text";
  EXPECT_FALSE(quoted.find("I write the rumour ... I write the rumour")) << "there once";
}

TEST(QuotedText, ElisionsBridgeNothingThatWasCut) {
  const std::string text = "The first sentence. The second one." + std::string(400, 'x') +
                           " The third sentence. The end.";
  const QuotedText quoted(text, 120);
  ASSERT_GT(quoted.left_out(), 0u);
  EXPECT_TRUE(quoted.find("first sentence... second one"));
  EXPECT_TRUE(quoted.find("third sentence... The end."));
  EXPECT_FALSE(quoted.find("first sentence... third sentence"));
}

}  // namespace
}  // namespace iago
