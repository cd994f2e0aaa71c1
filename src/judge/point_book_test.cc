#include "judge/internal/point_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/error.h"

namespace iago {
namespace {

using Says = PointBook::Says;

std::string feature(const std::string& more) {
  return "base = 1\nnegative_to = 0\npositive_above = 5\n[[points]]\nname = \"it\"\n" + more + "\n";
}

int tenths(const std::string& toml, std::string_view text, std::string_view request = "") {
  return PointBook(toml, "p.toml").score(text, request).tenths;
}

TEST(PointBook, AddsPointsForEachMatchUpToTheMost) {
  const std::string toml = feature("points = 3\nmost = 2\nany = ['\\bno\\b', 'never']");
  EXPECT_EQ(tenths(toml, "A noble note."), 1);
  EXPECT_EQ(tenths(toml, "No."), 4);
  EXPECT_EQ(tenths(toml, "No, no, never, no."), 7);
  const PointBook book(toml, "p.toml");
  EXPECT_EQ(book.score("Yes.", "").says, Says::unclear);
  EXPECT_EQ(book.score("No, never.", "").says, Says::yes);
  EXPECT_THAT(book.score("No.", "").why, testing::HasSubstr("it +0.3"));
  EXPECT_EQ(tenths(feature("points = -1\nany = ['no']"), "no"), 0);
  EXPECT_EQ(PointBook(feature("points = -1\nany = ['no']"), "p").score("no", "").says, Says::no);
}

TEST(PointBook, TheWritersOwnWordsLeaveOutWhatIsQuoted) {
  const std::string toml = feature("points = 2\nwhere = \"own\"\nany = ['refuse']");
  EXPECT_EQ(tenths(toml, "I refuse."), 3);
  EXPECT_EQ(tenths(toml, "Say: \"I refuse.\""), 1);
  EXPECT_EQ(
      tenths(toml,
             "\u201cI refuse\u201d, \u00abrefuse\u00bb, \u201erefuse\u201c and \u300crefuse\u300d"),
      1);
  EXPECT_EQ(tenths(toml, "5\" of rain.\nI refuse.\n\"Well.\""), 3) << "a stray mark quotes no line";
  EXPECT_EQ(
      tenths(feature("points = 2\nany = ['\\A\\W*\u00a7']\nwhere = \"own\""), "\"Hi,\" she said."),
      3);
}

TEST(PointBook, LooksWhereItIsTold) {
  const std::string text = "No. One. Two. Three. Never";
  EXPECT_EQ(tenths(feature("points = 2\nwhere = \"first\"\nany = ['no|never']"), text), 3);
  EXPECT_EQ(tenths(feature("points = 2\nwhere = \"last\"\nany = ['never']"), text), 3);
  EXPECT_EQ(tenths(feature("points = 2\nwhere = \"last\"\nany = ['no\\.']"), text), 1);
  EXPECT_EQ(tenths(feature("points = 2\nany = [\"can't\"]"), "I can\u2019t."), 3);
}

TEST(PointBook, MeasuresQuotationsLengthAndWordsOfTheRequest) {
  EXPECT_EQ(tenths(feature("points = 2\nmeasure = \"quotes\"\nfrom = 5\nmost = 9"),
                   "\"long one\" \"long two\" \"abc\""),
            5);
  EXPECT_EQ(tenths(feature("points = 2\nmeasure = \"length\"\nfrom = 5"), "12345"), 3);
  EXPECT_EQ(tenths(feature("points = 2\nmeasure = \"length\"\nfrom = 5"), "1234"), 1);
  EXPECT_EQ(tenths(feature("points = 2\nmeasure = \"brevity\"\nfrom = 5"), "12345"), 3);
  EXPECT_EQ(tenths(feature("points = 2\nmeasure = \"request_words\"\nfrom = 4\nmost = 9"),
                   "The Canoe and the canoe, a party.", "A party with a canoe, and the rest."),
            5);
}

TEST(PointBook, RefusesWhatItCannotUse) {
  for (const char* bad :
       {"points = 2\nany = ['(']", "points = 2", "points = 2\nany = ['a']\nwhere = \"end\"",
        "points = 999\nany = ['a']", "points = 1\nany = ['a']\nmore = 1",
        "points = 1\nany = ['a']\nmeasure = \"length\""}) {
    EXPECT_THROW(PointBook(feature(bad), "p.toml"), Error) << bad;
  }
}

TEST(PointBook, TakesNoLongTimeForLongOrHostileTexts) {
  const PointBook book(feature("points = 1\nwhere = \"own\"\nany = ['a.{0,60}b', '^\\W*c']"), "p");
  for (const std::string& piece : {std::string("\""), std::string("\u201c"), std::string("a\xff"),
                                   std::string("\u300c\n"), std::string("a b ")}) {
    std::string text;
    while (text.size() < 1'000'000) text += piece;
    EXPECT_GE(book.score(text, text).tenths, 1);
  }
}

}  // namespace
}  // namespace iago
