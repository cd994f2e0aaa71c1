// PrefixTree: the prompts whose keys and values an engine holds, as a tree of token segments. A
// prompt is a path from the root; prompts share the segments on which they agree, cut where they
// part. Segments that no running sequence needs stay until pages are wanted. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "lm/internal/kv_pages.h"

namespace iago {

struct PrefixSegment {
  PrefixSegment* parent = nullptr;  // null for the root
  std::vector<std::unique_ptr<PrefixSegment>> children;
  std::vector<std::int32_t> tokens;  // empty for the root alone
  std::int64_t begin = 0;            // position of the first token
  std::vector<PageId> pages;         // that hold [begin, end()); held by this segment
  std::int64_t computed = 0;         // number of tokens whose keys and values are in the pages
  std::int64_t users = 0;            // sequences whose prompt ends here, and pins
  std::uint64_t last_use = 0;

  std::int64_t end() const { return begin + static_cast<std::int64_t>(tokens.size()); }

  // Scratch of a batch plan: sequences below, rows of the batch.
  std::int64_t below = 0, own = 0;
};

class PrefixTree {
 public:
  explicit PrefixTree(KvPages& pages) : pages_(pages) {}

  PrefixSegment& root() { return root_; }

  struct Found {
    PrefixSegment* leaf;  // null if there are no pages for what is new
    std::int64_t cached;  // tokens that were in the tree, computed or about to be
  };
  // The segment at which `tokens` ends, made if need be (with `computed` below its length), and
  // counted as used once more. The root for no tokens.
  Found enter(std::span<const std::int32_t> tokens);
  // Ends a use that `enter` began. The segment stays cached.
  void leave(PrefixSegment& segment);

  // Frees cached segments, least recently used first, until `pages` are free or none is left that
  // nobody uses. True if there are enough now.
  bool make_room(std::size_t pages);

 private:
  PrefixSegment* cut(PrefixSegment& segment, std::int64_t length);
  void drop(PrefixSegment& leaf);

  KvPages& pages_;
  PrefixSegment root_;
  std::uint64_t uses_ = 0;
};

// Pages for positions [begin, end), or none at all if there are not enough.
std::vector<PageId> take_pages(KvPages& pages, std::int64_t begin, std::int64_t end);

}  // namespace iago
