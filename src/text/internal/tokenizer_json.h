// tokenizer.json as data: read under limits, everything checked, nothing applied yet. What is read
// and what is refused stands in tokenizer.h. Private to the room.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "text/internal/byte_pairs.h"
#include "text/internal/pre_tokenizer.h"
#include "text/tokenizer.h"

namespace iago {

inline constexpr std::size_t kMaxTokenizerBytes = std::size_t{128} << 20;
inline constexpr std::size_t kMaxTokens = std::size_t{4} << 20;  // and merges
inline constexpr std::size_t kMaxTokenBytes = std::size_t{64} << 10;
inline constexpr std::size_t kMaxAddedTokens = 16'384;
inline constexpr std::size_t kMaxAddedTokenBytes = 256;

struct AddedToken {
  std::string content;
  TokenId id = 0;
  bool special = false;
  bool normalized = false;  // found in the text after its normalization, not before
};

struct TokenizerSpec {
  bool nfc = false;
  PreTokenizerSpec pre_tokenizer;
  std::vector<std::string>
      vocabulary;                 // by id, as written (in the byte alphabet); empty = no token
  std::vector<Merge> merges;      // by rank
  bool ignore_merges = false;     // a word that is a token is taken whole
  TokenId unknown = -1;           // stands for bytes without a token; -1 = they are left out
  bool fuse_unknown = false;      // one for a row of them
  std::vector<AddedToken> added;  // contents and ids are distinct
};

// Error invalid or unsupported, naming `where` and the field.
TokenizerSpec parse_tokenizer_json(std::string_view text, std::string_view where);

}  // namespace iago
