// Attention over a forest as blocks of up to kBlockRows rows of one segment. A block sees its
// ancestors whole and its own segment up to its last row; of these keys the first row sees all but
// its later neighbours', and each next row one more. So all that is computed in vain is a triangle
// of at most kBlockRows^2 / 2 scores for each block and head.
#include "nn/internal/pass.h"

#include <algorithm>
#include <cmath>

namespace iago {
namespace {

constexpr std::int64_t kBlockRows = 64;

}  // namespace

TreePass::TreePass(const TokenForest& forest_in, AttentionShape shape_in,
                   const std::vector<double>& rope_frequencies)
    : forest(forest_in), shape(shape_in) {
  std::int64_t positions = 0;
  for (const TokenForest::Span& span : forest.spans) {
    positions = std::max(positions, span.keys);
    const std::int64_t length = span.own.end - span.own.begin;
    const std::int64_t before = span.keys - length;
    for (std::int64_t done = 0; done < length; done += kBlockRows) {
      AttentionBlock block;
      block.begin = span.own.begin + done;
      block.rows = std::min(kBlockRows, length - done);
      block.ranges = span.ancestors;
      block.ranges.push_back({span.own.begin, block.begin + block.rows});
      block.keys = before + done + block.rows;
      block.visible = before + done + 1;
      block.offset = probabilities;
      probabilities += block.rows * block.keys;
      blocks.push_back(std::move(block));
    }
  }
  cosines.reserve(positions * rope_frequencies.size());
  sines.reserve(positions * rope_frequencies.size());
  for (std::int64_t p = 0; p < positions; ++p) {
    for (const double frequency : rope_frequencies) {
      cosines.push_back(static_cast<float>(std::cos(p * frequency)));
      sines.push_back(static_cast<float>(std::sin(p * frequency)));
    }
  }
}

}  // namespace iago
