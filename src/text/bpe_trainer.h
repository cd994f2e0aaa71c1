// Training a byte-level BPE vocabulary on texts, written so that Hugging Face `tokenizers` and
// `transformers` load it and give the same ids as Tokenizer.
//
// The pre-tokenizer is GPT-2's (ByteLevel with its regex, no prefix space, no normalizer). Ids: the
// 256 bytes in ascending order, the merges in the order they were learned, the special tokens, the
// added tokens. Words are counted first and the merges learned on the counts, so the time is that
// of reading plus little. The result is a function of the counts: of equally frequent pairs the one
// with the lower left id wins, then the lower right id.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "text/chat_template.h"
#include "text/tokenizer.h"

namespace iago {

struct BpeTraining {
  std::size_t vocabulary = 1000;    // all tokens: 256 bytes, merges, special and added ones
  std::uint64_t min_frequency = 2;  // rarer pairs are not merged, so the result can be smaller
  std::vector<std::string> special_tokens;  // control tokens, such as those of a chat template
  std::vector<std::string> added_tokens;    // tags that are always one token
};

// Calls next_text until it returns nothing; returns the content of a tokenizer.json. Both kinds of
// added tokens are cut out of the texts first. Invalid bytes become U+FFFD. Error invalid if the
// vocabulary has no room, is beyond 1,000,000, or a token is empty, doubled or longer than 256
// bytes.
std::string train_bpe(const BpeTraining& training,
                      const std::function<std::optional<std::string>()>& next_text);

// What tokenizer_config.json and special_tokens_map.json say.
struct TokenizerFolder {
  std::string tokenizer_json;          // from train_bpe
  std::string eos_token;               // ends a turn; one of the special tokens
  std::size_t max_length = 2048;       // tokens of context
  std::optional<ChatTemplate> format;  // written as Jinja; absent = no chat template
};

// Writes tokenizer.json, tokenizer_config.json and special_tokens_map.json into an existing folder.
// Error invalid if eos_token is not a special token of tokenizer_json; disconnected if a file
// cannot be written.
void write_tokenizer(const TokenizerFolder& content, const std::filesystem::path& folder);

}  // namespace iago
