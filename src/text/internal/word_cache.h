// The ids of words met before: text repeats its words, and looking one up is several times cheaper
// than merging it again. Bounded: when a part is full it takes no more, which is enough, since
// frequent words come early. Private to the room.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/tokenizer.h"

namespace iago {

// Thread-safe: split into parts, each with its own lock.
class WordCache {
 public:
  static constexpr std::size_t kMaxWordBytes = 64;

  // Appends the ids of the word if they are known.
  bool find(std::string_view word, std::vector<TokenId>& ids) const {
    if (word.size() > kMaxWordBytes) return false;
    const Part& part = part_of(word);
    std::lock_guard lock(part.mutex);
    auto found = part.ids.find(word);
    if (found == part.ids.end()) return false;
    ids.insert(ids.end(), found->second.begin(), found->second.end());
    return true;
  }

  // Remembers them if there is room.
  void add(std::string_view word, const TokenId* begin, const TokenId* end) {
    if (word.size() > kMaxWordBytes) return;
    Part& part = part_of(word);
    std::lock_guard lock(part.mutex);
    if (part.ids.size() < kWordsPerPart) part.ids.try_emplace(std::string(word), begin, end);
  }

 private:
  static constexpr std::size_t kParts = 16, kWordsPerPart = 4096;

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view word) const {
      return std::hash<std::string_view>()(word);
    }
  };
  struct Part {
    mutable std::mutex mutex;
    std::unordered_map<std::string, std::vector<TokenId>, Hash, std::equal_to<>> ids;
  };

  // By length and last letter: the first is a space in most words.
  static std::size_t index_of(std::string_view word) {
    return (word.size() * 7 + static_cast<unsigned char>(word.back())) % kParts;
  }
  Part& part_of(std::string_view word) { return parts_[index_of(word)]; }
  const Part& part_of(std::string_view word) const { return parts_[index_of(word)]; }

  std::array<Part, kParts> parts_;
};

}  // namespace iago
