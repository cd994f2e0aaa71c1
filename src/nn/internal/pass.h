// What one pass over a forest needs besides the weights: rotary tables and the order of attention.
// Made once per forest, used by every layer, forward and backward; it must outlive the backward
// pass.
#pragma once

#include <cstdint>
#include <vector>

#include "nn/token_tree.h"

namespace iago {

struct AttentionShape {
  std::int64_t heads = 0, kv_heads = 0, head_width = 0;
  std::int64_t query_width() const { return heads * head_width; }
  std::int64_t kv_width() const { return kv_heads * head_width; }
  // Columns of the joined product: queries, keys, values.
  std::int64_t joined_width() const { return query_width() + 2 * kv_width(); }
};

// Some rows of one segment and all the keys that they may see. Attention is computed block by
// block, so that nothing is computed between trees or siblings and little above the diagonal.
struct AttentionBlock {
  std::int64_t begin = 0, rows = 0;        // queries
  std::vector<TokenForest::Range> ranges;  // of keys; the last one holds the diagonal
  std::int64_t keys = 0;                   // in all ranges
  std::int64_t visible = 0;  // keys that the first row sees; one more for each next row
  std::int64_t offset = 0;   // of its probabilities [heads, rows, keys], per head count
};

struct TreePass {
  // `rope_frequencies`: radians per position of each rotated pair [head_width / 2].
  TreePass(const TokenForest& forest, AttentionShape shape,
           const std::vector<double>& rope_frequencies);

  const TokenForest& forest;
  AttentionShape shape;
  std::vector<float> cosines, sines;  // [largest position + 1, head_width / 2]
  std::vector<AttentionBlock> blocks;
  std::int64_t probabilities = 0;  // per head, over all blocks

  std::int64_t rows() const { return static_cast<std::int64_t>(forest.tokens.size()); }
};

}  // namespace iago
