// Texts as rows to train on. Each text is one sequence, or several where it is longer than a row;
// a row holds whole sequences, side by side, of about the same number of tokens in all. Sequences
// of one row do not see each other (nn/token_tree.h), so a document is read as if it stood alone,
// and nothing is padded.
//
// What row n of a seed holds is a pure function of the texts, the seed and n, so a training that is
// resumed needs no state of its data.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "nn/token_tree.h"
#include "text/tokenizer.h"

namespace iago {

// The tokens between which a text stands.
struct TextEnds {
  TokenId begin = 0, end = 0;
};
// By the tokenizer's configuration: its bos_token and eos_token, or eos_token on both sides if
// there is no bos_token. Error unsupported without an eos_token that the tokenizer has.
TextEnds text_ends(const Tokenizer& tokenizer, const TokenizerConfig& config);

class PackedTexts {
 public:
  // Tokenises. `row_tokens`, at least 2: of a row, about; the most of a sequence. Texts that give
  // no token are left out. Error invalid if none is left.
  PackedTexts(const std::vector<std::string>& texts, const Tokenizer& tokenizer,
              const TextEnds& ends, std::int64_t row_tokens);

  std::int64_t rows() const { return static_cast<std::int64_t>(rows_.size()); }  // of one epoch
  std::int64_t tokens() const { return tokens_; }                                // of one epoch
  // Tokens that are predicted in one epoch: all but the first of each sequence.
  std::int64_t predicted() const { return tokens_ - static_cast<std::int64_t>(sequences_.size()); }

  // Row `number` of rows without an end, at least 0: epoch after epoch, the rows of each in an
  // order that the seed draws. Every predicted token weighs 1. Thread-safe.
  TokenTree row(std::uint64_t seed, std::int64_t number) const;

 private:
  void add(const std::vector<TokenId>& tokens, std::int64_t most);
  void pack(std::int64_t row_tokens);
  std::size_t place_in(std::uint64_t seed, std::int64_t epoch, std::size_t index) const;

  std::int64_t tokens_ = 0;
  std::vector<std::vector<TokenId>> sequences_;
  std::vector<std::vector<std::size_t>> rows_;  // indices of sequences
  // The orders of the last epochs that were asked for. Locked for a look alone.
  mutable std::mutex mutex_;
  mutable std::map<std::pair<std::uint64_t, std::int64_t>, std::vector<std::size_t>> orders_;
};

}  // namespace iago
