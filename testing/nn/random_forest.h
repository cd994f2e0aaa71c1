// Random forests and networks for the tests of nn and train.
#pragma once

#include <vector>

#include "base/random.h"
#include "lm/config.h"
#include "nn/token_tree.h"

namespace iago {

inline std::vector<std::int32_t> random_tokens(Random& random, std::size_t count,
                                               std::int64_t vocab) {
  std::vector<std::int32_t> out(count);
  for (std::int32_t& token : out) token = static_cast<std::int32_t>(random.below(vocab));
  return out;
}

// A system prompt, three conversations under it, and a second turn under one of them; about half
// of the tokens carry loss.
inline TokenTree random_tree(Random& random, std::int64_t vocab) {
  const auto segment = [&](std::size_t count, std::int32_t parent) {
    TokenSegment out{random_tokens(random, count, vocab), {}, parent};
    for (std::size_t i = 0; i < count; ++i) {
      const bool counts = random.chance(0.5) && (parent >= 0 || i > 0);
      out.weights.push_back(counts ? static_cast<float>(0.5 + random.uniform()) : 0.0f);
    }
    return out;
  };
  TokenTree tree;
  tree.segments.push_back(segment(9 + random.below(5), -1));
  for (int branch = 0; branch < 3; ++branch)
    tree.segments.push_back(segment(3 + random.below(7), 0));
  tree.segments.push_back(segment(4, 2));
  return tree;
}

// Every path from a root to a leaf as a sequence of its own, for comparing with the tree. The loss
// of shared tokens stays with the first path.
inline std::vector<TokenTree> unrolled(const TokenTree& tree) {
  std::vector<bool> has_child(tree.segments.size(), false), counted(tree.segments.size(), false);
  for (const TokenSegment& segment : tree.segments) {
    if (segment.parent >= 0) has_child[segment.parent] = true;
  }
  std::vector<TokenTree> out;
  for (std::size_t leaf = 0; leaf < tree.segments.size(); ++leaf) {
    if (has_child[leaf]) continue;
    std::vector<std::int32_t> tokens;
    std::vector<float> weights;
    for (auto s = static_cast<std::int32_t>(leaf); s >= 0; s = tree.segments[s].parent) {
      const TokenSegment& segment = tree.segments[s];
      tokens.insert(tokens.begin(), segment.tokens.begin(), segment.tokens.end());
      std::vector<float> own = segment.weights;
      if (counted[s]) own.assign(own.size(), 0.0f);
      counted[s] = true;
      weights.insert(weights.begin(), own.begin(), own.end());
    }
    out.push_back(sequence(std::move(tokens), std::move(weights)));
  }
  return out;
}

inline LlamaConfig tiny_config(bool qwen = false) {
  LlamaConfig config;
  config.architecture = qwen ? Architecture::qwen2 : Architecture::llama;
  config.qkv_bias = qwen;
  config.tied_embeddings = qwen;
  config.vocab_size = 37;
  config.hidden_size = 24;
  config.intermediate_size = 40;
  config.layers = 2;
  config.heads = 4;
  config.kv_heads = 2;
  config.head_dim = 8;
  config.max_positions = 128;
  return config;
}

}  // namespace iago
