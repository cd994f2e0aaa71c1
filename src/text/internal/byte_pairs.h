// Byte-pair merging: the inner loop of the tokenizer, without any text around it. Private to the
// room.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace iago {

// Two neighbouring tokens may become one; of several, the lowest rank goes first.
struct Merge {
  TokenId left = 0, right = 0, merged = 0;
};

// The merges by pair: open addressing, read-only once made.
class MergeTable {
 public:
  struct Found {
    std::uint32_t rank = 0;
    TokenId merged = -1;  // -1 = this pair does not merge
  };

  // In the order of their ranks. Of equal pairs the last one counts.
  explicit MergeTable(const std::vector<Merge>& merges);
  Found find(TokenId left, TokenId right) const {
    std::uint64_t key = key_of(left, right);
    for (std::size_t at = slot_of(key);; at = (at + 1) & mask_) {
      if (slots_[at].key == key) return slots_[at].found;
      if (slots_[at].key == kFree) return {};
    }
  }

 private:
  static constexpr std::uint64_t kFree = ~std::uint64_t{0};  // no pair: ids are not negative
  struct Slot {
    std::uint64_t key = kFree;
    Found found;
  };

  static std::uint64_t key_of(TokenId left, TokenId right) {
    return std::uint64_t{static_cast<std::uint32_t>(left)} << 32 |
           static_cast<std::uint32_t>(right);
  }
  std::size_t slot_of(std::uint64_t key) const {
    return static_cast<std::size_t>((key * 0x9E3779B97F4A7C15) >> 32) & mask_;
  }

  std::vector<Slot> slots_;  // a power of two, at most half full
  std::size_t mask_ = 0;
};

// What stands for bytes without a token.
struct UnknownBytes {
  TokenId token = -1;  // -1: nothing; the bytes are left out and their neighbours may merge
  bool fuse = false;   // one token for a row of them
};

// Merges one word. O(n log n) in its bytes, by a heap of candidates over a linked list. Not
// thread-safe: it keeps its working memory.
class PairMerger {
 public:
  // Borrows both. byte_tokens: the token of each byte, -1 where there is none.
  PairMerger(const std::array<TokenId, 256>& byte_tokens, UnknownBytes unknown,
             const MergeTable& merges)
      : byte_tokens_(&byte_tokens), unknown_(unknown), merges_(&merges) {}

  // Appends the ids of the word, which has less than 2^31 bytes.
  void merge(std::string_view word, std::vector<TokenId>& ids);

 private:
  // A token of the word, in a list. A token merged into its left neighbour has id -1.
  struct Symbol {
    TokenId id;
    std::uint32_t previous, next;
  };
  struct Candidate {
    std::uint32_t rank, at;
    TokenId merged;
    // For a heap whose top has the lowest rank, then the leftmost place.
    bool operator<(const Candidate& other) const {
      return rank != other.rank ? rank > other.rank : at > other.at;
    }
  };

  void load(std::string_view word);
  bool find_candidate(std::uint32_t at, Candidate& candidate) const;
  void push_candidate(std::uint32_t at);
  void apply(const Candidate& candidate);

  const std::array<TokenId, 256>* byte_tokens_;
  UnknownBytes unknown_;
  const MergeTable* merges_;
  std::vector<Symbol> symbols_;
  std::vector<Candidate> heap_;
};

}  // namespace iago
