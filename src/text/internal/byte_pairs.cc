// Byte-pair encoding merges, again and again, the neighbouring pair of the lowest rank. Searching
// for it each time would be quadratic in the word. Instead all pairs that can merge wait in a heap,
// and the word is a doubly linked list in an array, so that a merge touches only its neighbours.
//
// Nothing is taken out of the heap when a merge makes an entry void. An entry is a place and a
// result; when it comes to the top, the pair at that place is looked up once more, and the entry
// counts only if it would still give the same token. A place whose token was merged into its left
// neighbour has id -1 and gives none.
#include "text/internal/byte_pairs.h"

#include <algorithm>
#include <bit>

namespace iago {
namespace {

constexpr std::uint32_t kNone = ~std::uint32_t{0};

}  // namespace

MergeTable::MergeTable(const std::vector<Merge>& merges)
    : slots_(std::bit_ceil(2 * merges.size() + 2)), mask_(slots_.size() - 1) {
  std::uint32_t rank = 0;
  for (const Merge& merge : merges) {
    std::uint64_t key = key_of(merge.left, merge.right);
    std::size_t at = slot_of(key);
    while (slots_[at].key != kFree && slots_[at].key != key) at = (at + 1) & mask_;
    slots_[at] = {key, {rank++, merge.merged}};
  }
}

void PairMerger::merge(std::string_view word, std::vector<TokenId>& ids) {
  load(word);
  if (symbols_.empty()) return;
  while (!heap_.empty()) {
    std::pop_heap(heap_.begin(), heap_.end());
    Candidate top = heap_.back();
    heap_.pop_back();
    // The pair may be gone or another by now. Compared by what it merges to, as Hugging Face does.
    Candidate now;
    if (find_candidate(top.at, now) && now.merged == top.merged) apply(top);
  }
  for (std::uint32_t at = 0; at != kNone; at = symbols_[at].next) ids.push_back(symbols_[at].id);
}

void PairMerger::load(std::string_view word) {
  symbols_.clear();
  heap_.clear();
  bool fuses = false;  // with the unknown byte before
  for (char byte : word) {
    TokenId id = (*byte_tokens_)[static_cast<unsigned char>(byte)];
    const bool is_unknown = id < 0;
    if (is_unknown) id = fuses ? -1 : unknown_.token;
    fuses = is_unknown && unknown_.fuse;
    if (id < 0) continue;
    const auto i = static_cast<std::uint32_t>(symbols_.size());
    symbols_.push_back({id, i == 0 ? kNone : i - 1, i + 1});
  }
  if (!symbols_.empty()) symbols_.back().next = kNone;
  const auto size = static_cast<std::uint32_t>(symbols_.size());
  for (std::uint32_t i = 0; i < size; ++i) {
    Candidate candidate;
    if (find_candidate(i, candidate)) heap_.push_back(candidate);
  }
  std::make_heap(heap_.begin(), heap_.end());
}

bool PairMerger::find_candidate(std::uint32_t at, Candidate& candidate) const {
  const Symbol& symbol = symbols_[at];
  if (symbol.id < 0 || symbol.next == kNone) return false;
  MergeTable::Found found = merges_->find(symbol.id, symbols_[symbol.next].id);
  candidate = {found.rank, at, found.merged};
  return found.merged >= 0;
}

void PairMerger::push_candidate(std::uint32_t at) {
  Candidate candidate;
  if (!find_candidate(at, candidate)) return;
  heap_.push_back(candidate);
  std::push_heap(heap_.begin(), heap_.end());
}

void PairMerger::apply(const Candidate& candidate) {
  Symbol& left = symbols_[candidate.at];
  Symbol& right = symbols_[left.next];
  left.id = candidate.merged;
  left.next = right.next;
  right.id = -1;
  if (left.next != kNone) symbols_[left.next].previous = candidate.at;
  if (left.previous != kNone) push_candidate(left.previous);
  push_candidate(candidate.at);
}

}  // namespace iago
