#include "nn/token_tree.h"

#include <cmath>

#include "base/error.h"
#include "fmt/format.h"

namespace iago {
namespace {

// Appends one tree to the forest.
class Planter {
 public:
  Planter(TokenForest& forest, std::int64_t vocab_size, std::int64_t context)
      : forest_(forest), vocab_size_(vocab_size), context_(context) {}

  void plant(const TokenTree& tree, std::size_t index) {
    tree_ = index;
    first_span_ = static_cast<std::int64_t>(forest_.spans.size());
    for (std::size_t s = 0; s < tree.segments.size(); ++s) add(tree.segments[s], s);
  }

 private:
  [[noreturn]] void fail(std::size_t segment, const std::string& what) const {
    throw Error(ErrorCode::invalid, fmt::format("tree {}, segment {}: {}", tree_, segment, what));
  }

  void check(const TokenSegment& segment, std::size_t s, std::int64_t start) const {
    const auto length = static_cast<std::int64_t>(segment.tokens.size());
    if (length == 0) fail(s, "expected tokens, found none");
    if (start + length > context_) {
      fail(s, fmt::format("needs {} positions, but the context is {}", start + length, context_));
    }
    if (!segment.weights.empty() && segment.weights.size() != segment.tokens.size()) {
      fail(s, fmt::format("{} weights for {} tokens", segment.weights.size(), length));
    }
    for (const std::int32_t token : segment.tokens) {
      if (token < 0 || token >= vocab_size_) {
        fail(s, fmt::format("token {} is outside the vocabulary of {}", token, vocab_size_));
      }
    }
  }

  void add(const TokenSegment& segment, std::size_t s) {
    if (segment.parent < -1 || segment.parent >= static_cast<std::int32_t>(s)) {
      fail(s, fmt::format("parent {} is not an earlier segment", segment.parent));
    }
    const bool root = segment.parent == -1;
    TokenForest::Span span;
    std::int64_t start = 0;
    if (!root) {
      const TokenForest::Span& parent = forest_.spans[first_span_ + segment.parent];
      start = parent.keys;
      span.ancestors = parent.ancestors;
      if (!span.ancestors.empty() && span.ancestors.back().end == parent.own.begin) {
        span.ancestors.back().end = parent.own.end;
      } else {
        span.ancestors.push_back(parent.own);
      }
    }
    check(segment, s, start);
    const auto length = static_cast<std::int64_t>(segment.tokens.size());
    const auto begin = static_cast<std::int64_t>(forest_.tokens.size());
    span.own = {begin, begin + length};
    span.keys = start + length;
    add_targets(segment, s, root ? -1 : span.ancestors.back().end - 1, begin);
    forest_.tokens.insert(forest_.tokens.end(), segment.tokens.begin(), segment.tokens.end());
    for (std::int64_t i = 0; i < length; ++i) {
      forest_.positions.push_back(static_cast<std::int32_t>(start + i));
    }
    forest_.spans.push_back(std::move(span));
  }

  // `before` is the row that predicts the segment's first token, -1 for a root.
  void add_targets(const TokenSegment& segment, std::size_t s, std::int64_t before,
                   std::int64_t begin) {
    for (std::size_t i = 0; i < segment.weights.size(); ++i) {
      const float weight = segment.weights[i];
      if (!(weight >= 0) || !std::isfinite(weight)) {
        fail(s,
             fmt::format("weight {} of token {} is not a finite number of at least 0", weight, i));
      }
      if (weight == 0) continue;
      const std::int64_t row = i == 0 ? before : begin + static_cast<std::int64_t>(i) - 1;
      if (row < 0) fail(s, "nothing comes before a root's first token: its weight must be 0");
      forest_.targets.push_back({row, segment.tokens[i], weight});
    }
  }

  TokenForest& forest_;
  const std::int64_t vocab_size_, context_;
  std::size_t tree_ = 0;
  std::int64_t first_span_ = 0;
};

}  // namespace

std::size_t TokenTree::token_count() const {
  std::size_t count = 0;
  for (const TokenSegment& segment : segments) count += segment.tokens.size();
  return count;
}

TokenTree sequence(std::vector<std::int32_t> tokens, std::vector<float> weights) {
  return TokenTree{{TokenSegment{std::move(tokens), std::move(weights), -1}}};
}

TokenTree shared_prefix(std::vector<std::int32_t> tokens) { return sequence(std::move(tokens)); }

void add_branch(TokenTree& tree, std::vector<std::int32_t> tokens, std::vector<float> weights) {
  IAGO_CHECK(!tree.segments.empty(), "a branch needs a prefix");
  tree.segments.push_back(TokenSegment{std::move(tokens), std::move(weights), 0});
}

TokenForest plant(std::span<const TokenTree> trees, std::int64_t vocab_size, std::int64_t context) {
  TokenForest forest;
  Planter planter(forest, vocab_size, context);
  for (std::size_t t = 0; t < trees.size(); ++t) planter.plant(trees[t], t);
  return forest;
}

TokenForest plant(std::span<const TokenTree* const> trees, std::int64_t vocab_size,
                  std::int64_t context) {
  TokenForest forest;
  Planter planter(forest, vocab_size, context);
  for (std::size_t t = 0; t < trees.size(); ++t) planter.plant(*trees[t], t);
  return forest;
}

}  // namespace iago
