// TokenTree: token sequences that share beginnings, and TokenForest: many trees laid end to end
// without padding, which is what the network computes on.
//
// A tree is made of segments. A segment continues its parent: its tokens come after the parent's in
// position, and attend to every token of the parent, the parent's parent and so on, and causally to
// their own segment. Siblings do not see each other. So a system prompt with K conversations under
// it is computed once instead of K times, with the same numbers as K separate sequences.
//
// Values without behaviour; safe to read from many threads.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace iago {

struct TokenSegment {
  std::vector<std::int32_t> tokens;  // not empty
  // weights[i] multiplies the loss of predicting tokens[i] from what comes before it (the last
  // token of the parent, for i = 0). Same length as tokens, or empty for no loss. 0 = no loss.
  std::vector<float> weights;
  std::int32_t parent = -1;  // index in TokenTree::segments, smaller than the own one; -1 = root
};

struct TokenTree {
  std::vector<TokenSegment> segments;
  std::size_t token_count() const;
};

// One sequence; the first token is never predicted, so weights[0] must be 0.
TokenTree sequence(std::vector<std::int32_t> tokens, std::vector<float> weights = {});
// A shared prefix without loss, to which add_branch adds what continues it.
TokenTree shared_prefix(std::vector<std::int32_t> tokens);
void add_branch(TokenTree& tree, std::vector<std::int32_t> tokens, std::vector<float> weights);

// Trees laid end to end. N = tokens.size().
struct TokenForest {
  struct Range {
    std::int64_t begin = 0, end = 0;  // tokens [begin, end)
  };
  struct Span {  // a segment as it lies in the forest
    Range own;
    std::vector<Range> ancestors;  // root first; neighbouring ranges are merged
    std::int64_t keys = 0;         // tokens in the ancestors and in the segment itself
  };
  struct Target {        // one prediction that carries loss
    std::int64_t row;    // index of the token that predicts
    std::int32_t token;  // what it should predict
    float weight;        // not 0
  };
  std::vector<std::int32_t> tokens;     // [N]
  std::vector<std::int32_t> positions;  // [N], 0 at each root's first token
  std::vector<Span> spans;              // in the order of the tokens
  std::vector<Target> targets;          // in the order of the predicted tokens
};

// Lays the trees end to end. Error invalid, naming tree and segment, for an empty segment, weights
// of another length or that are negative or not finite, a parent that is not an earlier segment, a
// weight on a root's first token, a token outside [0, vocab_size), or a position at or beyond
// `context` (both lengths named).
TokenForest plant(std::span<const TokenTree> trees, std::int64_t vocab_size, std::int64_t context);
TokenForest plant(std::span<const TokenTree* const> trees, std::int64_t vocab_size,
                  std::int64_t context);

}  // namespace iago
