// A radix tree over tokens. Siblings begin with different tokens, so at most one child continues a
// prompt, and a walk needs no search among candidates beyond the first token. Where a prompt leaves
// a segment in its middle, the segment is cut in two first; so every prompt ends at the end of a
// segment.
//
// Pages belong to segments, by count. Slot p % kPageTokens of a page holds position p, whatever the
// segment, so a cut within a page copies nothing: both halves hold the page, and each reads its own
// slots. A new segment that begins within a page takes a page of its own and leaves the slots
// before its begin unused, since the page of its parent may be shared with other children.
//
// What must not go. `users` counts the sequences whose prompt ends at a segment, not those below
// it. That is enough: only leaves without users are dropped, and a segment above a used one is no
// leaf. Nor can a parent look older than its child, since a walk marks every segment on its way.
#include "lm/internal/prefix_tree.h"

#include <algorithm>

#include "base/error.h"

namespace iago {
namespace {

PrefixSegment* child_that_begins_with(const PrefixSegment& segment, std::int32_t token) {
  for (const auto& child : segment.children) {
    if (child->tokens.front() == token) return child.get();
  }
  return nullptr;
}

void collect_unused_leaves(PrefixSegment& segment, std::vector<PrefixSegment*>& out) {
  for (const auto& child : segment.children) collect_unused_leaves(*child, out);
  if (segment.children.empty() && segment.users == 0 && segment.parent != nullptr) {
    out.push_back(&segment);
  }
}

}  // namespace

std::vector<PageId> take_pages(KvPages& pages, std::int64_t begin, std::int64_t end) {
  const std::size_t count = KvPages::pages_for(begin, end);
  if (pages.free() < count) return {};
  std::vector<PageId> out(count);
  for (PageId& page : out) page = *pages.take();
  return out;
}

PrefixTree::Found PrefixTree::enter(std::span<const std::int32_t> tokens) {
  PrefixSegment* at = &root_;
  std::int64_t cached = 0;
  at->last_use = ++uses_;
  while (!tokens.empty()) {
    PrefixSegment* child = child_that_begins_with(*at, tokens.front());
    if (child == nullptr) break;
    const auto differ =
        std::mismatch(tokens.begin(), tokens.end(), child->tokens.begin(), child->tokens.end());
    const auto common = differ.first - tokens.begin();
    if (differ.second != child->tokens.end()) child = cut(*child, common);
    cached += common;
    tokens = tokens.subspan(static_cast<std::size_t>(common));
    at = child;
    at->last_use = uses_;
  }
  ++at->users;  // before room is made: what was found must stay
  if (tokens.empty()) return {at, cached};
  const std::int64_t begin = at->end(), end = begin + static_cast<std::int64_t>(tokens.size());
  make_room(KvPages::pages_for(begin, end));
  std::vector<PageId> pages = take_pages(pages_, begin, end);
  --at->users;
  // The tree may have been cut in vain, and is as good as before.
  if (pages.empty()) return {nullptr, 0};
  auto segment = std::make_unique<PrefixSegment>();
  segment->parent = at;
  segment->tokens.assign(tokens.begin(), tokens.end());
  segment->begin = begin;
  segment->pages = std::move(pages);
  segment->users = 1;
  segment->last_use = uses_;
  at->children.push_back(std::move(segment));
  return {at->children.back().get(), cached};
}

void PrefixTree::leave(PrefixSegment& segment) {
  IAGO_CHECK(segment.users > 0, "a segment is left as often as entered");
  --segment.users;
}

// Puts a new segment with the first `length` tokens above the given one, which keeps the rest: so
// the sequences that end in it need not be told. Both hold the page that the cut goes through.
PrefixSegment* PrefixTree::cut(PrefixSegment& segment, std::int64_t length) {
  auto upper = std::make_unique<PrefixSegment>();
  PrefixSegment* const made = upper.get();
  const auto middle = segment.tokens.begin() + length;
  const std::int64_t at = segment.begin + length;
  upper->parent = segment.parent;
  upper->begin = segment.begin;
  upper->last_use = segment.last_use;
  upper->tokens.assign(segment.tokens.begin(), middle);
  upper->computed = std::min(segment.computed, length);
  const std::size_t kept = KvPages::pages_for(segment.begin, at);
  upper->pages.assign(segment.pages.begin(),
                      segment.pages.begin() + static_cast<std::ptrdiff_t>(kept));
  const std::int64_t first = at / kPageTokens - segment.begin / kPageTokens;
  if (first < static_cast<std::int64_t>(kept)) pages_.hold(upper->pages.back());
  segment.pages.erase(segment.pages.begin(), segment.pages.begin() + first);
  segment.tokens.erase(segment.tokens.begin(), middle);
  segment.computed -= upper->computed;
  segment.begin = at;
  segment.parent = made;
  for (auto& place : made->parent->children) {
    if (place.get() != &segment) continue;
    made->children.push_back(std::move(place));
    place = std::move(upper);
    break;
  }
  return made;
}

// Parents become leaves when their children go, so the search is repeated until there is enough
// room.
bool PrefixTree::make_room(std::size_t pages) {
  while (pages_.free() < pages) {
    std::vector<PrefixSegment*> leaves;
    collect_unused_leaves(root_, leaves);
    if (leaves.empty()) return false;
    std::sort(leaves.begin(), leaves.end(), [](const PrefixSegment* a, const PrefixSegment* b) {
      return a->last_use < b->last_use;
    });
    // A little more than asked for, so that a full cache is not searched for every newcomer.
    const std::size_t wanted = pages + pages_.count() / 16;
    for (PrefixSegment* leaf : leaves) {
      if (pages_.free() >= wanted) break;
      drop(*leaf);
    }
  }
  return true;
}

void PrefixTree::drop(PrefixSegment& leaf) {
  for (PageId page : leaf.pages) pages_.release(page);
  auto& siblings = leaf.parent->children;
  const auto place = std::find_if(siblings.begin(), siblings.end(),
                                  [&](const auto& child) { return child.get() == &leaf; });
  std::swap(*place, siblings.back());
  siblings.pop_back();
}

}  // namespace iago
