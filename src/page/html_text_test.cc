#include "page/internal/html_text.h"

#include <gtest/gtest.h>

namespace iago {
namespace {

using namespace std::string_literals;

TEST(HtmlEscaped, ShowsControlCharactersAsPictures) {
  EXPECT_EQ(html_escaped("a\0b\x1b[31m\x7f"s), "a\u2400b\u241b[31m\u2421");
  EXPECT_EQ(html_escaped("a\n\tb\r\nc\rd"), "a\n\tb\u240d\nc\u240dd")
      << "a prompt with other line ends is another prompt";
}

TEST(HtmlEscaped, ShowsWhatTurnsOrHidesText) {
  EXPECT_EQ(html_escaped("a\u202Eb\u200Bc\uFEFF\u2028"), "a[U+202E]b[U+200B]c[U+FEFF][U+2028]");
  EXPECT_EQ(html_escaped("\U000E0041"), "[U+E0041]");
}

TEST(HtmlEscaped, ReplacesWhatIsNoUtf8) {
  EXPECT_EQ(html_escaped("a\xff\xc0\x80z"), "a\uFFFD\uFFFD\uFFFDz");
  EXPECT_EQ(html_escaped("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");  // a surrogate
  EXPECT_EQ(html_escaped("\xef\xbf\xbf"), "\uFFFD");              // a noncharacter
  EXPECT_EQ(html_escaped("\xc2\x85"), "\uFFFD");                  // a C1 control
  EXPECT_EQ(html_escaped("gr\u00fc\u00dfe \U0001F600"), "gr\u00fc\u00dfe \U0001F600");
}

TEST(CutText, EndsWithAWholeCharacterAndSaysHowMuchIsGone) {
  auto cut = cut_text("ab\u00e4\u00e4", 3);
  EXPECT_EQ(cut.shown, "ab");
  EXPECT_EQ(cut_note(cut), "4 of 6 bytes are not shown");
  EXPECT_EQ(cut_note(cut_text("ab", 2)), "");
  EXPECT_EQ(cut_text(std::string(9, '\x80'), 5).shown.size(), 2u) << "not UTF-8 at all";
}

}  // namespace
}  // namespace iago
