// Cuts text into the words within which byte pairs merge. Private to the room.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/internal/pattern.h"

namespace iago {

// What tokenizer.json says of it.
struct PreTokenizerSpec {
  struct Split {
    std::string pattern;
    bool is_regex = true;  // false: the pattern is literal text
  };
  std::vector<Split> splits;      // applied one after the other, each to the pieces of the last
  bool add_prefix_space = false;  // then to every piece
  bool use_gpt2_pattern = false;  // then cut by GPT-2's pattern
};

// Thread-safe once made.
class PreTokenizer {
 public:
  // Error unsupported for a pattern that cannot be compiled.
  PreTokenizer(const PreTokenizerSpec& spec, std::string_view where);

  // Calls take(std::string_view word) for each word of valid UTF-8, in order.
  template <typename Take>
  void split(std::string_view text, Take&& take) const {
    std::vector<std::string_view> pieces = split_by_patterns(text), words;
    std::string prefixed;
    for (std::string_view piece : pieces) {
      words.clear();
      words_of(piece, prefixed, words);
      for (std::string_view word : words) take(word);
    }
  }

 private:
  std::vector<std::string_view> split_by_patterns(std::string_view text) const;
  // The words of a piece; they may lie in `prefixed`.
  void words_of(std::string_view piece, std::string& prefixed,
                std::vector<std::string_view>& words) const;

  std::vector<Pattern> splits_;
  bool add_prefix_space_;
  std::vector<Pattern> gpt2_;  // one or none
};

}  // namespace iago
