#include "text/utf8.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace iago {
namespace {

TEST(Utf8, LeavesValidTextAlone) {
  std::string text = "a\u00e9\u4f60\U0001f600\U0010ffff\uffff";
  EXPECT_TRUE(is_valid_utf8(text));
  EXPECT_EQ(replace_invalid_utf8(text), text);
}

// Unicode 15, table 3-8 to 3-11: one replacement for each maximal subpart.
TEST(Utf8, ReplacesEachMaximalSubpart) {
  EXPECT_EQ(replace_invalid_utf8("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"),
            "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\x41");
  EXPECT_EQ(replace_invalid_utf8("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41"),
            "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\x41");
  EXPECT_EQ(replace_invalid_utf8("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42"),
            "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\x41\uFFFD\uFFFD\x42");
  EXPECT_EQ(replace_invalid_utf8("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"),
            "\uFFFD\uFFFD\uFFFD\uFFFD\x41");
}

TEST(Utf8, WritesWhatItReadsForEveryCodePoint) {
  for (char32_t point = 0; point <= 0x10FFFF; ++point) {
    if (point >= 0xD800 && point <= 0xDFFF) continue;
    std::string text;
    append_utf8(text, point);
    Utf8Step step = next_code_point(text);
    ASSERT_TRUE(step.valid) << static_cast<std::uint32_t>(point);
    ASSERT_EQ(step.code_point, point);
    ASSERT_EQ(step.size, text.size());
  }
}

TEST(Utf8, MakesRandomBytesValid) {
  Random random(1, "utf8");
  for (int round = 0; round < 2000; ++round) {
    std::string bytes;
    for (std::uint64_t i = random.below(20); i > 0; --i) {
      bytes += static_cast<char>(random.chance(0.5) ? random.below(256) : 0xE0 + random.below(32));
    }
    std::string text = replace_invalid_utf8(bytes);
    EXPECT_TRUE(is_valid_utf8(text));
    EXPECT_EQ(text == bytes, is_valid_utf8(bytes));
  }
}

// From the examples of Unicode Standard Annex 15.
TEST(Nfc, ComposesAndOrdersMarks) {
  EXPECT_EQ(to_nfc("A\u030a \u212b \u2126"), "\u00c5 \u00c5 \u03a9");
  EXPECT_EQ(to_nfc("\ufb01 \u1e9b\u0323"), "\ufb01 \u1e9b\u0323");
  EXPECT_EQ(to_nfc("q\u0307\u0323"), "q\u0323\u0307");
  EXPECT_EQ(to_nfc("\u1112\u1161\u11ab"), "\ud55c");
  EXPECT_EQ(to_nfc("\u0958"), "\u0915\u093c");  // excluded from composition
}

TEST(Nfc, TakesAMillionMarksOnOneLetter) {
  std::string text = "a";
  for (int i = 0; i < 500'000; ++i) text += i % 2 ? "\u0316" : "\u0301";  // of two classes
  std::string composed = to_nfc(text);
  EXPECT_TRUE(composed.starts_with("\u00e1\u0316\u0316")) << composed.substr(0, 20);
  EXPECT_TRUE(composed.ends_with("\u0301\u0301"));
}

}  // namespace
}  // namespace iago
