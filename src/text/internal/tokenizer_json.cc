#include "text/internal/tokenizer_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <unordered_set>

#include "base/json.h"
#include "text/internal/json_field.h"

namespace iago {
namespace {

// Ids may have gaps, but memory is by the largest id.
constexpr std::size_t kMaxGaps = 65'536;

using Ids = std::unordered_map<std::string_view, TokenId>;

// Error unsupported unless the field is absent, false or "".
void expect_unset(const JsonField& field) {
  bool is_unset = field.is_absent() || (field.is_string() && field.string().empty()) ||
                  (field.is_boolean() && !field.boolean(false));
  if (!is_unset) field.fail_unsupported("only its absence");
}

bool parse_normalizer(const JsonField& normalizer) {
  if (normalizer.is_absent()) return false;
  JsonField type = normalizer.member("type");
  if (type.string() == "NFC") return true;
  if (type.string() != "Sequence") type.fail_unsupported("none, NFC or a Sequence of it");
  JsonField steps = normalizer.member("normalizers");
  bool nfc = false;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    JsonField step = steps.item(i).member("type");
    if (step.string() != "NFC") step.fail_unsupported("only NFC");
    nfc = true;
  }
  return nfc;
}

void parse_byte_level(const JsonField& step, PreTokenizerSpec& spec) {
  spec.add_prefix_space = step.member("add_prefix_space").boolean(true);
  spec.use_gpt2_pattern = step.member("use_regex").boolean(true);
}

void parse_split(const JsonField& step, PreTokenizerSpec& spec) {
  JsonField behavior = step.member("behavior");
  if (behavior.string() != "Isolated") behavior.fail_unsupported("only \"Isolated\"");
  expect_unset(step.member("invert"));
  JsonField pattern = step.member("pattern");
  bool is_regex = !pattern.member("Regex").is_absent();
  spec.splits.push_back({pattern.member(is_regex ? "Regex" : "String").string(), is_regex});
}

// Cuts at digits: each by itself, or each run of them.
void parse_digits(const JsonField& step, PreTokenizerSpec& spec) {
  const bool each = step.member("individual_digits").boolean(false);
  spec.splits.push_back({each ? R"(\p{N})" : R"(\p{N}+)", true});
}

PreTokenizerSpec parse_pre_tokenizer(const JsonField& pre_tokenizer) {
  constexpr std::size_t kMaxSteps = 16;
  PreTokenizerSpec spec;
  JsonField type = pre_tokenizer.member("type");
  if (type.is_absent())
    pre_tokenizer.fail_unsupported("only ByteLevel, alone or behind Split and Digits,");
  if (type.string() == "ByteLevel") {
    parse_byte_level(pre_tokenizer, spec);
    return spec;
  }
  if (type.string() != "Sequence") type.fail_unsupported("only ByteLevel or a Sequence");
  JsonField steps = pre_tokenizer.member("pretokenizers");
  if (steps.size() == 0 || steps.size() > kMaxSteps) {
    steps.fail_invalid(fmt::format("1 to {} steps", kMaxSteps));
  }
  for (std::size_t i = 0; i < steps.size(); ++i) {
    bool is_last = i + 1 == steps.size();
    JsonField step = steps.item(i), kind = step.member("type");
    if (kind.string() == "ByteLevel" && is_last) {
      parse_byte_level(step, spec);
    } else if (kind.string() == "Split" && !is_last) {
      parse_split(step, spec);
    } else if (kind.string() == "Digits" && !is_last) {
      parse_digits(step, spec);
    } else {
      kind.fail_unsupported("only Split and Digits, with one ByteLevel as the last step,");
    }
  }
  return spec;
}

std::vector<std::string> parse_vocabulary(const JsonField& field) {
  const auto& entries = field.object();
  if (entries.size() > kMaxTokens) {
    field.fail(ErrorCode::invalid,
               fmt::format("{} tokens, at most {} are read", entries.size(), kMaxTokens));
  }
  std::vector<std::string> vocabulary;
  const auto most = static_cast<std::int64_t>(entries.size() + kMaxGaps);
  for (const auto& [text, value] : entries) {
    JsonField entry = field.member(text);
    if (text.empty() || text.size() > kMaxTokenBytes) {
      field.fail(ErrorCode::invalid,
                 fmt::format("a token of {} bytes, 1 to {} are read", text.size(), kMaxTokenBytes));
    }
    auto id = static_cast<std::size_t>(entry.integer(0, most));
    if (id >= vocabulary.size()) vocabulary.resize(id + 1);
    if (!vocabulary[id].empty()) {
      entry.fail(ErrorCode::invalid,
                 fmt::format("the id {} already belongs to \"{}\"", id, vocabulary[id]));
    }
    vocabulary[id] = text;
  }
  return vocabulary;
}

// "a b" in older files, ["a", "b"] in newer ones.
std::pair<std::string_view, std::string_view> parse_pair(const JsonField& merge) {
  if (merge.is_array()) {
    if (merge.size() != 2) merge.fail_invalid("two tokens");
    return {merge.item(0).string(), merge.item(1).string()};
  }
  std::string_view text = merge.string();
  std::size_t space = text.find(' ');
  if (space == std::string_view::npos || text.find(' ', space + 1) != std::string_view::npos) {
    merge.fail_invalid("two tokens with one space between them");
  }
  return {text.substr(0, space), text.substr(space + 1)};
}

std::vector<Merge> parse_merges(const JsonField& field, const Ids& ids) {
  if (field.size() > kMaxTokens) {
    field.fail(ErrorCode::invalid,
               fmt::format("{} merges, at most {} are read", field.size(), kMaxTokens));
  }
  std::vector<Merge> merges;
  merges.reserve(field.size());
  std::string merged;
  for (std::size_t i = 0; i < field.size(); ++i) {
    JsonField merge = field.item(i);
    auto [left, right] = parse_pair(merge);
    auto id_of = [&](std::string_view token) {
      auto found = ids.find(token);
      if (found != ids.end()) return found->second;
      merge.fail(ErrorCode::invalid,
                 fmt::format("the token \"{}\" is not in model.vocab", token.substr(0, 200)));
    };
    merged.assign(left).append(right);
    merges.push_back({id_of(left), id_of(right), id_of(merged)});
  }
  return merges;
}

Ids ids_of(const std::vector<std::string>& vocabulary) {
  Ids ids;
  ids.reserve(vocabulary.size());
  for (std::size_t id = 0; id < vocabulary.size(); ++id) {
    if (!vocabulary[id].empty()) ids[vocabulary[id]] = static_cast<TokenId>(id);
  }
  return ids;
}

void check_model(const JsonField& model) {
  if (model.is_absent()) model.fail_invalid("an object");
  JsonField type = model.member("type");
  if (!type.is_absent() && type.string() != "BPE") type.fail_unsupported("only \"BPE\"");
  for (std::string_view name : {"continuing_subword_prefix", "end_of_word_suffix", "dropout"}) {
    expect_unset(model.member(name));
  }
}

// Falling back to <0x00> to <0xFF> changes nothing where the vocabulary has none of them.
void check_byte_fallback(const JsonField& field, const Ids& ids) {
  if (field.is_absent() || !field.boolean(false)) return;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string token = fmt::format("<0x{:02X}>", byte);
    if (ids.contains(token)) field.fail_unsupported("only its absence beside " + token);
  }
}

// The token of what the vocabulary cannot say; -1 for none.
void parse_unknown(const JsonField& model, const Ids& ids, TokenizerSpec& spec) {
  const JsonField unknown = model.member("unk_token");
  if (unknown.is_absent() || unknown.string().empty()) return;
  const auto found = ids.find(unknown.string());
  if (found == ids.end()) unknown.fail_invalid("a token of model.vocab");
  spec.unknown = found->second;
  spec.fuse_unknown = model.member("fuse_unk").boolean(false);
}

AddedToken parse_added_token(const JsonField& field, std::int64_t most) {
  for (std::string_view name : {"lstrip", "rstrip", "single_word"}) {
    expect_unset(field.member(name));
  }
  AddedToken token;
  JsonField content = field.member("content");
  token.content = content.string();
  if (token.content.empty() || token.content.size() > kMaxAddedTokenBytes) {
    content.fail_invalid(fmt::format("1 to {} bytes", kMaxAddedTokenBytes));
  }
  token.id = static_cast<TokenId>(field.member("id").integer(0, most));
  token.special = field.member("special").boolean(false);
  token.normalized = field.member("normalized").boolean(!token.special);
  return token;
}

// An added token may stand in the vocabulary too, then with the same id.
void check_against_vocabulary(const AddedToken& token, const std::vector<std::string>& vocabulary,
                              const Ids& ids, const JsonField& field) {
  auto same = ids.find(token.content);
  auto id = static_cast<std::size_t>(token.id);
  if (same != ids.end() && same->second != token.id) {
    field.fail(ErrorCode::invalid, fmt::format("\"{}\" has the id {} here and {} in model.vocab",
                                               token.content, token.id, same->second));
  }
  if (same == ids.end() && id < vocabulary.size() && !vocabulary[id].empty()) {
    field.fail(ErrorCode::invalid, fmt::format("\"{}\" has the id {} of \"{}\" in model.vocab",
                                               token.content, token.id, vocabulary[id]));
  }
}

void parse_added_tokens(const JsonField& field, const Ids& ids, TokenizerSpec& spec) {
  if (field.is_absent()) return;
  if (field.size() > kMaxAddedTokens) {
    field.fail_invalid(fmt::format("at most {} added tokens", kMaxAddedTokens));
  }
  const auto most = static_cast<std::int64_t>(spec.vocabulary.size() + field.size() + kMaxGaps);
  std::unordered_set<std::string> contents;
  std::unordered_set<TokenId> taken;
  for (std::size_t i = 0; i < field.size(); ++i) {
    AddedToken token = parse_added_token(field.item(i), most);
    if (!contents.insert(token.content).second || !taken.insert(token.id).second) {
      field.item(i).fail(ErrorCode::invalid,
                         fmt::format("the content \"{}\" or the id {} stands here twice",
                                     token.content, token.id));
    }
    check_against_vocabulary(token, spec.vocabulary, ids, field.item(i));
    spec.added.push_back(std::move(token));
  }
}

bool is_sentence_piece_space(const JsonField& step) {
  return step.member("type").string() == "Replace" &&
         step.member("pattern").member("String").string() == "\u2581" &&
         step.member("content").string() == " ";
}

void check_decoder(const JsonField& decoder) {
  JsonField type = decoder.member("type");
  if (!decoder.is_absent() && type.string() == "ByteLevel") return;
  if (decoder.is_absent() || type.string() != "Sequence") {
    type.fail_unsupported("only \"ByteLevel\", alone or at the end of a Sequence");
  }
  // As transformers writes it for GGUF files: steps for vocabularies of another kind, which find
  // nothing to do in one of bytes.
  JsonField steps = decoder.member("decoders");
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const JsonField kind = steps.item(i).member("type");
    const bool is_last = i + 1 == steps.size();
    const bool known = is_last ? kind.string() == "ByteLevel"
                               : kind.string() == "ByteFallback" || kind.string() == "Fuse" ||
                                     is_sentence_piece_space(steps.item(i));
    if (!known) kind.fail_unsupported("only \"ByteLevel\" as the last step");
  }
  if (steps.size() == 0) steps.fail_invalid("at least one step");
}

}  // namespace

TokenizerSpec parse_tokenizer_json(std::string_view text, std::string_view where) {
  nlohmann::json document = parse_sorted_json(text, where, {.bytes = kMaxTokenizerBytes});
  JsonField root(document, where);
  TokenizerSpec spec;
  spec.nfc = parse_normalizer(root.member("normalizer"));
  spec.pre_tokenizer = parse_pre_tokenizer(root.member("pre_tokenizer"));
  check_decoder(root.member("decoder"));
  JsonField model = root.member("model");
  check_model(model);
  spec.vocabulary = parse_vocabulary(model.member("vocab"));
  Ids ids = ids_of(spec.vocabulary);
  check_byte_fallback(model.member("byte_fallback"), ids);
  parse_unknown(model, ids, spec);
  spec.merges = parse_merges(model.member("merges"), ids);
  spec.ignore_merges = model.member("ignore_merges").boolean(false);
  parse_added_tokens(root.member("added_tokens"), ids, spec);
  return spec;
}

}  // namespace iago
