// Tokenizer: byte-level BPE (Sennrich et al., 2016; Radford et al., 2019) as a Hugging Face
// tokenizer.json describes it, with the ids that Hugging Face `tokenizers` gives.
//
// It reads: normalizer null or NFC; pre_tokenizer ByteLevel (use_regex, add_prefix_space), or a
// Sequence of Split (a regex or a string, Isolated, not inverted) and Digits ending in a ByteLevel;
// model BPE without dropout, tokens for byte fallback, prefix or suffix, with or without
// ignore_merges; added tokens without lstrip, rstrip and single_word; decoder ByteLevel. Anything
// else is Error unsupported that names the field. truncation, padding and post_processor are not
// applied: the code that builds a chat writes the first token (chat_template.h).
//
// A byte that the vocabulary has no token for (control characters and characters that are hardly
// used, in some) becomes unk_token; where there is none, it is left out, as Hugging Face does, and
// so it is where unk_token is a control token.
//
// Invalid bytes become U+FFFD first. Control tokens, those marked "special", come out of text only
// where the caller asks for it with SpecialTokens::parse; text from users and queries must be
// encoded with SpecialTokens::as_text. Added tokens that are not special (the tags of organisms,
// such as <OUTPUT>) are ordinary words and always found.
//
// The time of encode is near-linear in the text, also for a million equal letters; a pattern from
// the file that takes more than ten million steps for one match ends in Error unsupported.
//
// A tokenizer does not change once made (a cache of words apart, which locks itself): all const
// methods are thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace iago {

using TokenId = std::int32_t;

// What encode makes of the literal text of a control token.
enum class SpecialTokens { as_text, parse };

// What decode makes of control tokens.
enum class ControlTokens { keep, skip };

class Tokenizer {
 public:
  // From the content of a tokenizer.json; `where` names it in errors. Error invalid (field, what
  // was expected, what was found) or unsupported. At most 128 MiB, four million tokens and merges,
  // tokens of at most 64 KiB, 16,384 added tokens of at most 256 bytes.
  Tokenizer(std::string_view tokenizer_json, std::string_view where);
  // Reads folder/tokenizer.json. Error not_found if there is none.
  static Tokenizer load(const std::filesystem::path& folder);
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  // The ids of the text, without any first or last token of its own.
  std::vector<TokenId> encode(std::string_view text, SpecialTokens special) const;

  // The bytes of the ids as UTF-8, invalid ones replaced. Ids outside the vocabulary say nothing
  // (networks may have more outputs than there are tokens).
  std::string decode(std::span<const TokenId> ids, ControlTokens control) const;

  // The bytes of UTF-8 that the vocabulary has no token for, in order: text with them is not
  // encoded as it is.
  std::string missing_bytes() const;

  // One more than the largest id.
  std::size_t size() const;
  // The bytes of a token, which need not be whole characters; empty if there is no such id. Valid
  // as long as the tokenizer.
  std::string_view bytes_of(TokenId id) const;
  // The added token with exactly this text, special or not.
  std::optional<TokenId> find_added(std::string_view content) const;
  // True for control tokens.
  bool is_control(TokenId id) const;

 private:
  struct Parts;
  std::unique_ptr<const Parts> parts_;
};

// A stream of ids to text that is valid UTF-8 at every moment: bytes that may still become a
// character are kept back. The pieces together equal Tokenizer::decode of all ids. Not thread-safe;
// borrows the tokenizer.
class StreamDecoder {
 public:
  StreamDecoder(const Tokenizer& tokenizer, ControlTokens control)
      : tokenizer_(&tokenizer), control_(control) {}
  // The text that this id completes; may be empty.
  std::string push(TokenId id);
  // The bytes that were kept back, replaced by U+FFFD. The decoder then starts again.
  std::string finish();

 private:
  const Tokenizer* tokenizer_;
  ControlTokens control_;
  std::string kept_;  // at most 3 bytes
};

// What tokenizer_config.json says besides.
struct TokenizerConfig {
  std::optional<std::string> bos_token, eos_token;
  std::string chat_template;  // Jinja; empty if there is none
  std::string template_file;  // the file that has it, or would
};

// Reads folder/tokenizer_config.json and, where it exists, folder/chat_template.jinja, which takes
// precedence. All absent if there is neither. Error invalid that names the field. Of several named
// templates, the one called "default".
TokenizerConfig load_tokenizer_config(const std::filesystem::path& folder);

}  // namespace iago
