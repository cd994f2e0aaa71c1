// Attention is fastest when many rows meet the same keys, so rows are put in the order of a walk
// through the tree, a segment's own sequences first, then those of its children. All sequences
// below a segment are then neighbours, and each segment is one job over one stretch of rows. Such
// an order changes only when sequences come or go: `arrange` makes it and the shared jobs, `next`
// adds what changes with every token, the rows and the tails.
//
// The counts that `arrange` needs stand in the segments themselves. `below` is 0 between two calls.
// `own` is first the number of a segment's own sequences, and from the visit on the row of the
// first of them, by which the sequences are then sorted.
#include "lm/internal/batch.h"

#include <algorithm>

namespace iago {
namespace {

AttentionJob whole(const PrefixSegment& segment, std::int64_t row_begin, std::int64_t row_end) {
  return {.row_begin = row_begin,
          .row_end = row_end,
          .pages = segment.pages.data(),
          .first = segment.begin % kPageTokens,
          .keys = static_cast<std::int64_t>(segment.tokens.size())};
}

PageId page_at(const PrefixSegment& segment, std::int64_t position) {
  return segment
      .pages[static_cast<std::size_t>(position / kPageTokens - segment.begin / kPageTokens)];
}

// Adds rows for tokens [from, to) of a segment, and their jobs: all of every segment above, and its
// own tokens up to each row. A segment above may be in the same pass: a layer stores the keys of
// all rows before any of them attends.
void add_piece(const PrefixSegment& segment, std::int64_t from, std::int64_t to, Pass& pass) {
  const auto row = static_cast<std::int64_t>(pass.rows.size());
  const std::int64_t end = row + to - from;
  for (std::int64_t i = from; i < to; ++i) {
    const std::int64_t position = segment.begin + i;
    pass.rows.push_back(
        {segment.tokens[static_cast<std::size_t>(i)], position, page_at(segment, position)});
  }
  for (const PrefixSegment* above = segment.parent; above != nullptr; above = above->parent) {
    if (!above->tokens.empty()) pass.jobs.push_back(whole(*above, row, end));
  }
  AttentionJob own = whole(segment, row, end);
  own.keys = from + 1;
  own.causal = Causal::yes;
  pass.jobs.push_back(own);
}

}  // namespace

void DecodePlan::arrange(std::vector<std::unique_ptr<Sequence>>& running, PrefixSegment& root) {
  for (const auto& sequence : running) {
    for (PrefixSegment* at = sequence->leaf; at != nullptr; at = at->parent) at->own = 0;
  }
  for (const auto& sequence : running) {
    ++sequence->leaf->own;
    for (PrefixSegment* at = sequence->leaf; at != nullptr; at = at->parent) ++at->below;
  }
  pass_.clear();
  std::int64_t row = 0;
  if (!running.empty()) visit(root, row);
  shared_jobs_ = pass_.jobs.size();
  // `own` now holds the first row of the segment's own sequences.
  std::stable_sort(running.begin(), running.end(),
                   [](const auto& a, const auto& b) { return a->leaf->own < b->leaf->own; });
}

void DecodePlan::visit(PrefixSegment& segment, std::int64_t& row) {
  if (!segment.tokens.empty()) pass_.jobs.push_back(whole(segment, row, row + segment.below));
  const std::int64_t own = segment.own;
  segment.own = row;
  row += own;
  for (const auto& child : segment.children) {
    if (child->below > 0) visit(*child, row);
  }
  segment.below = 0;  // as the next arrangement expects it
}

const Pass& DecodePlan::next(const std::vector<std::unique_ptr<Sequence>>& running) {
  pass_.rows.clear();
  pass_.jobs.resize(shared_jobs_);
  for (const auto& sequence : running) {
    const std::int64_t position = sequence->last_position();
    const auto row = static_cast<std::int64_t>(pass_.rows.size());
    pass_.rows.push_back({sequence->tokens.back(), position, sequence->tail.back()});
    pass_.jobs.push_back({.row_begin = row,
                          .row_end = row + 1,
                          .pages = sequence->tail.data(),
                          .first = sequence->tail_begin % kPageTokens,
                          .keys = position - sequence->tail_begin + 1});
  }
  return pass_;
}

void compute_segments(std::span<PrefixSegment* const> segments, std::int64_t max_rows,
                      Forward& forward, KvPages& pages, const EachPiece& each_piece) {
  struct Piece {
    PrefixSegment* segment;
    std::int64_t from, to;
  };
  std::vector<Piece> pieces;
  Pass pass;
  auto flush = [&] {
    forward.run(pass, pages, each_piece ? Wanted::hidden : Wanted::keys);
    std::int64_t row = 0;
    for (const Piece& piece : pieces) {
      piece.segment->computed = piece.to;
      if (each_piece) each_piece(*piece.segment, piece.from, piece.to, row);
      row += piece.to - piece.from;
    }
    pass.clear();
    pieces.clear();
  };
  for (PrefixSegment* segment : segments) {
    const auto length = static_cast<std::int64_t>(segment->tokens.size());
    for (std::int64_t from = segment->computed; from < length;) {
      const auto space = max_rows - static_cast<std::int64_t>(pass.rows.size());
      const std::int64_t to = std::min(length, from + space);
      pieces.push_back({segment, from, to});
      add_piece(*segment, from, to, pass);
      from = to;
      if (to - pieces.back().from == space) flush();
    }
  }
  flush();
}

}  // namespace iago
