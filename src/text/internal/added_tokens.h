// Finds added tokens in text: at the leftmost place where any occurs, the longest one. Private to
// the room.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "text/tokenizer.h"

namespace iago {

// A stretch of text: an added token, or what lies between two of them.
struct TextSegment {
  std::string_view text;
  TokenId id = -1;  // -1 = no added token
};

// A trie. Thread-safe once filled. The time of split is at most the text's length times that of the
// longest token.
class AddedTokenFinder {
 public:
  AddedTokenFinder();
  // `content` is not empty. Of equal contents the last one counts.
  void add(std::string_view content, TokenId id);
  // The text cut into segments, none empty, in order.
  std::vector<TextSegment> split(std::string_view text) const;

 private:
  struct Node {
    std::vector<std::pair<unsigned char, std::uint32_t>> children;
    TokenId id = -1;
  };

  std::uint32_t child_of(std::uint32_t node, unsigned char byte) const;  // 0 = none
  // The longest token at the start of `text`; of size 0 if there is none.
  TextSegment match(std::string_view text) const;

  std::vector<Node> nodes_;  // the root is the first
  std::array<std::uint32_t, 256> first_{};
};

}  // namespace iago
