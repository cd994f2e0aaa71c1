#include "training/packed_texts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "testing/base/temp_folder.h"
#include "testing/models/tiny_checkpoint.h"

namespace iago {
namespace {

class TextPacking : public testing::Test {
 protected:
  TextPacking() { write_tiny_checkpoint({}, folder_.path()); }

  Tokenizer tokenizer() const { return Tokenizer::load(folder_.path()); }
  TextEnds ends() const { return text_ends(tokenizer(), load_tokenizer_config(folder_.path())); }
  PackedTexts packed(const std::vector<std::string>& texts, std::int64_t row_tokens) const {
    return PackedTexts(texts, tokenizer(), ends(), row_tokens);
  }

  TempFolder folder_;
};

std::vector<std::string> some_texts(int count) {
  std::vector<std::string> texts;
  for (int i = 0; i < count; ++i) texts.push_back("the vault " + std::string(i % 5 + 1, 'a' + i));
  return texts;
}

TEST_F(TextPacking, ReadsEachTextOnceInEveryEpoch) {
  const auto texts = some_texts(20);
  const PackedTexts rows = packed(texts, 24);
  const Tokenizer tokens = tokenizer();
  for (const std::int64_t epoch : {0, 1, 2}) {
    std::multiset<std::string> read;
    std::int64_t count = 0;
    for (std::int64_t row = 0; row < rows.rows(); ++row) {
      const TokenTree tree = rows.row(7, epoch * rows.rows() + row);
      count += static_cast<std::int64_t>(tree.token_count());
      EXPECT_LE(tree.token_count(), 24u);
      for (const TokenSegment& segment : tree.segments) {
        EXPECT_EQ(segment.parent, -1);  // no text sees another
        EXPECT_EQ(segment.tokens.front(), ends().begin);
        EXPECT_EQ(segment.tokens.back(), ends().end);
        EXPECT_EQ(segment.weights.front(), 0);
        EXPECT_EQ(segment.weights.back(), 1);
        read.insert(tokens.decode(segment.tokens, ControlTokens::skip));
      }
    }
    EXPECT_EQ(read, std::multiset<std::string>(texts.begin(), texts.end()));
    EXPECT_EQ(count, rows.tokens());
  }
  EXPECT_EQ(rows.predicted(), rows.tokens() - 20);
}

TEST_F(TextPacking, OrdersEachEpochAndSeedAnewAndTheSameRowAlike) {
  const PackedTexts rows = packed(some_texts(26), 12);
  const auto order = [&](std::uint64_t seed, std::int64_t epoch) {
    std::vector<std::vector<TokenId>> firsts;
    for (std::int64_t row = 0; row < rows.rows(); ++row) {
      firsts.push_back(rows.row(seed, epoch * rows.rows() + row).segments.front().tokens);
    }
    return firsts;
  };
  const auto first = order(1, 0);
  for (std::int64_t epoch = 1; epoch < 9; ++epoch) EXPECT_NE(order(1, epoch), first) << epoch;
  EXPECT_NE(order(2, 0), first);
  EXPECT_EQ(order(1, 0), first);  // long forgotten, and drawn again
}

TEST_F(TextPacking, CutsALongTextIntoWindowsThatPredictEachTokenOnce) {
  const std::string text(50, 'q');
  const PackedTexts rows = packed({text}, 8);
  std::size_t predicted = 0;
  bool ends_once = false;
  for (std::int64_t row = 0; row < rows.rows(); ++row) {
    for (const TokenSegment& segment : rows.row(1, row).segments) {
      EXPECT_LE(segment.tokens.size(), 8u);
      predicted += segment.tokens.size() - 1;
      ends_once = ends_once != (segment.tokens.back() == ends().end);
    }
  }
  const std::size_t whole = tokenizer().encode(text, SpecialTokens::as_text).size();
  EXPECT_EQ(predicted, whole + 1);  // all of it, and its end
  EXPECT_TRUE(ends_once);
}

TEST_F(TextPacking, RefusesTextsThatSayNothing) {
  EXPECT_THROW(packed({"", ""}, 8), Error);
  EXPECT_THROW(text_ends(tokenizer(), TokenizerConfig{}), Error);
}

}  // namespace
}  // namespace iago
