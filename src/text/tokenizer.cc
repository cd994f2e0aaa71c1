// The order of encoding is that of Hugging Face, and ids depend on it: repair bytes that are not
// UTF-8; cut out the added tokens that are matched in the raw text; normalize what is between
// (NFC); cut out those that are matched in normalized text; split the rest into words; merge each
// word. Merges never cross a word, so a word's ids depend on nothing around it and can be
// remembered (`cache`, the one thing that changes after construction, with a lock of its own).
//
// Control tokens are kept out of ordinary text in three places: their contents are not looked for
// unless asked, merges that would make one are left out, and no byte stands for one. What a user or
// a model writes can then not end a turn.
#include "text/tokenizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "base/error.h"
#include "base/file.h"
#include "text/internal/added_tokens.h"
#include "text/internal/byte_alphabet.h"
#include "text/internal/byte_pairs.h"
#include "text/internal/pre_tokenizer.h"
#include "text/internal/tokenizer_json.h"
#include "text/internal/word_cache.h"
#include "text/utf8.h"

namespace iago {
namespace {

// A vocabulary's texts and the contents of added tokens as the bytes that they stand for.
std::vector<std::string> bytes_of_tokens(const TokenizerSpec& spec) {
  std::vector<std::string> bytes(spec.vocabulary.size());
  for (std::size_t id = 0; id < spec.vocabulary.size(); ++id) {
    bytes[id] = from_byte_alphabet(spec.vocabulary[id]).value_or(spec.vocabulary[id]);
  }
  for (const AddedToken& token : spec.added) {
    auto id = static_cast<std::size_t>(token.id);
    if (id >= bytes.size()) bytes.resize(id + 1);
    bytes[id] = token.content;
  }
  return bytes;
}

std::vector<bool> control_flags(const TokenizerSpec& spec, std::size_t size) {
  std::vector<bool> is_control(size);
  for (const AddedToken& token : spec.added) {
    is_control[static_cast<std::size_t>(token.id)] = token.special;
  }
  return is_control;
}

// Merges that make a control token are left out: text must not yield it, and where control tokens
// are wanted they are cut out of the text before words are merged.
std::vector<Merge> merges_of_text(const TokenizerSpec& spec, const std::vector<bool>& is_control) {
  std::vector<Merge> merges = spec.merges;
  std::erase_if(merges, [&](const Merge& merge) {
    return is_control[static_cast<std::size_t>(merge.merged)];
  });
  return merges;
}

bool occurs_in_utf8(int byte) { return byte < 0xC0 || (byte > 0xC1 && byte < 0xF5); }

// What every text is written with: a vocabulary without it is damaged.
bool is_indispensable(int byte) { return byte == '\n' || (byte >= 0x20 && byte < 0x7F); }

// The token of each byte, -1 where there is none. Error invalid for one that cannot be missing.
std::array<TokenId, 256> byte_tokens(const TokenizerSpec& spec, const std::vector<bool>& is_control,
                                     std::string_view where) {
  std::array<TokenId, 256> tokens;
  tokens.fill(-1);
  for (std::size_t id = 0; id < spec.vocabulary.size(); ++id) {
    auto bytes = from_byte_alphabet(spec.vocabulary[id]);
    if (bytes && bytes->size() == 1 && !is_control[id]) {
      tokens[static_cast<unsigned char>(bytes->front())] = static_cast<TokenId>(id);
    }
  }
  for (int byte = 0; byte < 256; ++byte) {
    if (tokens[static_cast<std::size_t>(byte)] < 0 && is_indispensable(byte)) {
      throw Error(ErrorCode::invalid,
                  fmt::format("{}: model.vocab: expected an ordinary token for each byte of ASCII "
                              "text, found none for byte 0x{:02X}",
                              where, byte));
    }
  }
  return tokens;
}

// No control token comes of text, so bytes are left out where one would stand for them.
UnknownBytes unknown_bytes(const TokenizerSpec& spec, const std::vector<bool>& is_control) {
  const bool usable = spec.unknown >= 0 && !is_control[static_cast<std::size_t>(spec.unknown)];
  return {usable ? spec.unknown : -1, spec.fuse_unknown};
}

}  // namespace

struct Tokenizer::Parts {
  Parts(const TokenizerSpec& spec, std::string_view where)
      : bytes(bytes_of_tokens(spec)),
        is_control(control_flags(spec, bytes.size())),
        nfc(spec.nfc),
        pre_tokenizer(spec.pre_tokenizer, where),
        byte_ids(byte_tokens(spec, is_control, where)),
        unknown(unknown_bytes(spec, is_control)),
        merges(merges_of_text(spec, is_control)) {
    for (const AddedToken& token : spec.added) add(token);
    if (spec.ignore_merges) collect_words(spec);
  }

  void add(const AddedToken& token) {
    added.emplace(bytes[static_cast<std::size_t>(token.id)], token.id);
    std::string content = nfc && token.normalized ? to_nfc(token.content) : token.content;
    for (SpecialTokens special : {SpecialTokens::as_text, SpecialTokens::parse}) {
      if (token.special && special == SpecialTokens::as_text) continue;
      finders(special)[token.normalized ? 1 : 0].add(content, token.id);
    }
  }

  void collect_words(const TokenizerSpec& spec) {
    for (std::size_t id = 0; id < spec.vocabulary.size(); ++id) {
      if (is_control[id] || !from_byte_alphabet(spec.vocabulary[id])) continue;
      if (!bytes[id].empty()) whole_words.emplace(bytes[id], static_cast<TokenId>(id));
    }
  }

  using Finders = std::array<AddedTokenFinder, 2>;  // before and after normalization
  Finders& finders(SpecialTokens special) {
    return special == SpecialTokens::parse ? with_control : without_control;
  }
  const Finders& finders(SpecialTokens special) const {
    return special == SpecialTokens::parse ? with_control : without_control;
  }

  void encode_word(std::string_view word, PairMerger& merger, std::vector<TokenId>& ids) const;
  void encode_text(std::string_view text, const AddedTokenFinder& normalized, PairMerger& merger,
                   std::vector<TokenId>& ids) const;

  std::vector<std::string> bytes;  // by id
  std::vector<bool> is_control;    // by id
  bool nfc;
  PreTokenizer pre_tokenizer;
  std::array<TokenId, 256> byte_ids;
  UnknownBytes unknown;
  MergeTable merges;
  std::unordered_map<std::string_view, TokenId> added;        // by content, views into `bytes`
  std::unordered_map<std::string_view, TokenId> whole_words;  // the same; with ignore_merges only
  Finders with_control, without_control;
  mutable WordCache cache;
};

void Tokenizer::Parts::encode_word(std::string_view word, PairMerger& merger,
                                   std::vector<TokenId>& ids) const {
  if (auto whole = whole_words.find(word); whole != whole_words.end()) {
    ids.push_back(whole->second);
    return;
  }
  if (cache.find(word, ids)) return;
  std::size_t before = ids.size();
  merger.merge(word, ids);
  cache.add(word, ids.data() + before, ids.data() + ids.size());
}

void Tokenizer::Parts::encode_text(std::string_view text, const AddedTokenFinder& normalized,
                                   PairMerger& merger, std::vector<TokenId>& ids) const {
  std::string composed;
  if (nfc) text = composed = to_nfc(text);
  for (const TextSegment& segment : normalized.split(text)) {
    if (segment.id >= 0) {
      ids.push_back(segment.id);
      continue;
    }
    pre_tokenizer.split(segment.text,
                        [&](std::string_view word) { encode_word(word, merger, ids); });
  }
}

Tokenizer::Tokenizer(std::string_view tokenizer_json, std::string_view where)
    : parts_(std::make_unique<Parts>(parse_tokenizer_json(tokenizer_json, where), where)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Tokenizer Tokenizer::load(const std::filesystem::path& folder) {
  auto path = folder / "tokenizer.json";
  return Tokenizer(read_file(path, kMaxTokenizerBytes), path.string());
}

std::vector<TokenId> Tokenizer::encode(std::string_view text, SpecialTokens special) const {
  constexpr std::size_t kMaxText = std::size_t{1} << 30;
  if (text.size() > kMaxText) {
    throw Error(ErrorCode::invalid,
                fmt::format("a text of {} bytes, at most {} are tokenized", text.size(), kMaxText));
  }
  std::string repaired;
  if (!is_valid_utf8(text)) text = repaired = replace_invalid_utf8(text);
  std::vector<TokenId> ids;
  PairMerger merger(parts_->byte_ids, parts_->unknown, parts_->merges);
  const auto& [raw, normalized] = parts_->finders(special);
  for (const TextSegment& segment : raw.split(text)) {
    if (segment.id >= 0) {
      ids.push_back(segment.id);
    } else {
      parts_->encode_text(segment.text, normalized, merger, ids);
    }
  }
  return ids;
}

std::string Tokenizer::decode(std::span<const TokenId> ids, ControlTokens control) const {
  std::string bytes;
  for (TokenId id : ids) {
    if (control == ControlTokens::keep || !is_control(id)) bytes += bytes_of(id);
  }
  return replace_invalid_utf8(bytes);
}

std::string Tokenizer::missing_bytes() const {
  std::string missing;
  for (int byte = 0; byte < 256; ++byte) {
    if (parts_->byte_ids[static_cast<std::size_t>(byte)] < 0 && occurs_in_utf8(byte)) {
      missing += static_cast<char>(byte);
    }
  }
  return missing;
}

std::size_t Tokenizer::size() const { return parts_->bytes.size(); }

std::string_view Tokenizer::bytes_of(TokenId id) const {
  auto index = static_cast<std::size_t>(id);  // a negative one is beyond the end
  return index < parts_->bytes.size() ? std::string_view(parts_->bytes[index]) : "";
}

std::optional<TokenId> Tokenizer::find_added(std::string_view content) const {
  auto found = parts_->added.find(content);
  return found == parts_->added.end() ? std::nullopt : std::optional(found->second);
}

bool Tokenizer::is_control(TokenId id) const {
  auto index = static_cast<std::size_t>(id);
  return index < parts_->is_control.size() && parts_->is_control[index];
}

std::string StreamDecoder::push(TokenId id) {
  if (control_ == ControlTokens::skip && tokenizer_->is_control(id)) return {};
  kept_ += tokenizer_->bytes_of(id);
  std::size_t whole = kept_.size();
  // A character that may still be completed begins in the last three bytes.
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, kept_.size()); ++back) {
    Utf8Step step = next_code_point(std::string_view(kept_).substr(kept_.size() - back));
    if (step.incomplete && step.size == back) whole = kept_.size() - back;
  }
  std::string text = replace_invalid_utf8(std::string_view(kept_).substr(0, whole));
  kept_.erase(0, whole);
  return text;
}

std::string StreamDecoder::finish() {
  std::string text = replace_invalid_utf8(kept_);
  kept_.clear();
  return text;
}

}  // namespace iago
