#include "text/word_diff.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace iago {
namespace {

// The text with its differences in brackets.
std::string marked(std::string_view text, std::string_view other) {
  std::string out;
  for (const auto& span : marked_differences(text, other)) {
    out += span.is_different ? "[" + std::string(span.text) + "]" : std::string(span.text);
  }
  return out;
}

TEST(MarkedDifferences, MarksTheWordsThatTheOtherTextLacks) {
  EXPECT_EQ(marked("the cat sat here", "the dog sat here"), "the [cat] sat here");
  EXPECT_EQ(marked("<free>True</free> Hi", "<free>False</free> Hi"), "<free>[True]</free> Hi");
  EXPECT_EQ(marked("one two three", "three"), "[one two ]three");
  EXPECT_EQ(marked("same", "same"), "same");
  EXPECT_EQ(marked("", "x"), "");
  EXPECT_EQ(marked("all new", ""), "[all new]");
}

TEST(MarkedDifferences, GivesTheWholeTextBackWhateverTheOtherOneIs) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    auto text = [&] {
      std::string text;
      for (auto n = random() % 40; n > 0; --n) text += "ab \n<"[random() % 5];
      return text;
    };
    std::string a = text(), b = text(), joined;
    for (const auto& span : marked_differences(a, b)) joined += span.text;
    ASSERT_EQ(joined, a) << b;
  }
}

// Brute force: over all subsets of a.
std::size_t longest_common(const std::string& a, const std::string& b) {
  std::size_t best = 0;
  for (unsigned set = 0; set < 1u << a.size(); ++set) {
    std::size_t at = 0, length = 0;
    bool found = true;
    for (std::size_t i = 0; i < a.size() && found; ++i) {
      if ((set >> i & 1) == 0) continue;
      at = b.find(a[i], at);
      found = at++ != std::string::npos;
      ++length;
    }
    if (found) best = std::max(best, length);
  }
  return best;
}

TEST(MarkedDifferences, LeavesALongestCommonSubsequenceUnmarked) {
  std::mt19937 random(2);
  for (int round = 0; round < 300; ++round) {
    // Each letter is a word and each line end white space, so characters are what is compared.
    auto text = [&] {
      std::string text;
      for (auto n = random() % 6; n > 0; --n) text += std::string(1, "xyz"[random() % 3]) + "\n";
      return text;
    };
    std::string a = text(), b = text();
    std::size_t kept = 0;
    for (const auto& span : marked_differences(a, b)) {
      kept += span.is_different ? 0 : span.text.size();
    }
    EXPECT_EQ(kept, longest_common(a, b)) << a << "and\n" << b;
  }
}

TEST(MarkedDifferences, ComparesLinesWhereThereAreTooManyWords) {
  std::string a, b;
  for (int i = 0; i < 5000; ++i) {
    a += "line " + std::to_string(i) + " of a long text that goes on\n";
    b += "line " + std::to_string(i + (i % 500 == 250 ? 90000 : 0)) +
         " of a long text that goes on\n";
  }
  auto spans = marked_differences("first\n" + a, b);
  std::size_t different = 0;
  for (const auto& span : spans) different += span.is_different ? 1 : 0;
  EXPECT_LE(spans.size(), 40u);
  EXPECT_GE(different, 1u);
}

TEST(MarkedDifferences, MarksTheMiddleWhereEvenLinesAreTooMany) {
  std::string a = "head\n", b = "head\n";
  for (int i = 0; i < 6000; ++i) {
    a += std::to_string(i) + "\n";
    b += std::to_string(i + 50000) + "\n";
  }
  a += "tail\n", b += "tail\n";  // the spans look into them
  auto spans = marked_differences(a, b);
  ASSERT_EQ(spans.size(), 3u);
  EXPECT_TRUE(spans[1].is_different);
  EXPECT_EQ(spans[2].text, "tail\n");
}

}  // namespace
}  // namespace iago
