// From sequences and segments to the rows and attention jobs of a pass. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "lm/engine.h"
#include "lm/internal/forward.h"
#include "lm/internal/prefix_tree.h"

namespace iago {

// A sequence in an engine. While it waits it has no leaf and no pages.
struct Sequence {
  SequenceId id = 0;
  SequenceRequest request;
  std::vector<std::int32_t> tokens;  // the prompt and what was generated
  std::size_t generated = 0;
  std::size_t cached_prompt = 0;
  PrefixSegment* leaf =
      nullptr;  // the prompt's segment: all of `tokens` when it entered but the last
  std::int64_t tail_begin = 0;  // position of the first token of its own, leaf->end()
  std::vector<PageId> tail;     // pages of its own, from tail_begin on

  std::int64_t last_position() const { return static_cast<std::int64_t>(tokens.size()) - 1; }
};

// Orders `running` so that sequences below a segment are neighbours, and fills `pass` with one row
// for each, its last token, and the jobs: every segment with the rows below it, every tail with its
// row.
class DecodePlan {
 public:
  // To be called after sequences entered or left.
  void arrange(std::vector<std::unique_ptr<Sequence>>& running, PrefixSegment& root);
  // The pass of the next step. Valid until the next call.
  const Pass& next(const std::vector<std::unique_ptr<Sequence>>& running);

 private:
  void visit(PrefixSegment& segment, std::int64_t& row);

  Pass pass_;
  std::size_t shared_jobs_ = 0;  // the first of pass_.jobs; the rest are tails
};

// Called with the tokens [from, to) of a segment whose last layer's output lies in the rows from
// `row` on.
using EachPiece = std::function<void(const PrefixSegment& segment, std::int64_t from,
                                     std::int64_t to, std::int64_t row)>;

// Computes what is not yet computed of each segment, in passes of up to `max_rows` rows. A segment
// must come after those above it. Without `each_piece` only keys and values are computed.
void compute_segments(std::span<PrefixSegment* const> segments, std::int64_t max_rows,
                      Forward& forward, KvPages& pages, const EachPiece& each_piece = nullptr);

}  // namespace iago
