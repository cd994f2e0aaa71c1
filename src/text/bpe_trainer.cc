#include "text/bpe_trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "text/internal/added_tokens.h"
#include "text/internal/byte_alphabet.h"
#include "text/internal/merge_learner.h"
#include "text/internal/pre_tokenizer.h"
#include "text/internal/tokenizer_json.h"
#include "text/utf8.h"

namespace iago {
namespace {

constexpr std::string_view kWhere = "vocabulary training";
constexpr std::size_t kMaxVocabulary = 1'000'000;

[[noreturn]] void fail(std::string message) {
  throw Error(ErrorCode::invalid, fmt::format("{}: {}", kWhere, message));
}

std::vector<std::string> all_added(const BpeTraining& training) {
  std::vector<std::string> all = training.special_tokens;
  all.insert(all.end(), training.added_tokens.begin(), training.added_tokens.end());
  return all;
}

void check(const BpeTraining& training) {
  std::vector<std::string> added = all_added(training);
  std::unordered_set<std::string> distinct;
  for (const std::string& token : added) {
    if (token.empty() || token.size() > kMaxAddedTokenBytes || !is_valid_utf8(token)) {
      fail(fmt::format("expected added tokens of 1 to {} bytes of UTF-8, found one of {}",
                       kMaxAddedTokenBytes, token.size()));
    }
    if (!distinct.insert(token).second) fail(fmt::format("the token \"{}\" is added twice", token));
  }
  std::size_t least = 256 + added.size();
  if (training.vocabulary < least || training.vocabulary > kMaxVocabulary) {
    fail(fmt::format("expected a vocabulary of {} (bytes and added tokens) to {} tokens, found {}",
                     least, kMaxVocabulary, training.vocabulary));
  }
}

WordCounts count_words(const std::vector<std::string>& added,
                       const std::function<std::optional<std::string>()>& next_text) {
  AddedTokenFinder finder;
  for (const std::string& token : added) finder.add(token, 0);
  PreTokenizer pre_tokenizer({.use_gpt2_pattern = true}, kWhere);
  WordCounts counts;
  std::string key;
  while (std::optional<std::string> text = next_text()) {
    if (!is_valid_utf8(*text)) *text = replace_invalid_utf8(*text);
    for (const TextSegment& segment : finder.split(*text)) {
      if (segment.id >= 0) continue;
      pre_tokenizer.split(segment.text, [&](std::string_view word) {
        key.assign(word);
        ++counts[key];
      });
    }
  }
  return counts;
}

// Adds a member at the end without looking for an equal key: that would be quadratic.
void append(Json& object, std::string key, Json value) {
  object.get_ref<Json::object_t&>().emplace_back(std::move(key), std::move(value));
}

Json model_of(const LearnedMerges& learned) {
  std::vector<std::string> texts;
  Json vocabulary = Json::object(), merges = Json::array();
  for (const std::string& bytes : learned.tokens) {
    texts.push_back(to_byte_alphabet(bytes));
    append(vocabulary, texts.back(), texts.size() - 1);
  }
  auto text = [&](TokenId id) { return texts[static_cast<std::size_t>(id)]; };
  for (const Merge& merge : learned.merges) {
    merges.push_back(text(merge.left) + " " + text(merge.right));
  }
  return {{"type", "BPE"},
          {"dropout", nullptr},
          {"unk_token", nullptr},
          {"continuing_subword_prefix", nullptr},
          {"end_of_word_suffix", nullptr},
          {"fuse_unk", false},
          {"byte_fallback", false},
          {"vocab", std::move(vocabulary)},
          {"merges", std::move(merges)}};
}

Json added_of(const BpeTraining& training, const LearnedMerges& learned) {
  std::unordered_set<std::string> texts;
  for (const std::string& bytes : learned.tokens) texts.insert(to_byte_alphabet(bytes));
  Json added = Json::array();
  for (const std::string& content : all_added(training)) {
    // Hugging Face would take the one for the other.
    if (texts.contains(content)) {
      fail(fmt::format("the added token \"{}\" is also how a learned token is written", content));
    }
    bool is_special = added.size() < training.special_tokens.size();
    added.push_back({{"id", learned.tokens.size() + added.size()},
                     {"content", content},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false},
                     {"special", is_special}});
  }
  return added;
}

}  // namespace

std::string train_bpe(const BpeTraining& training,
                      const std::function<std::optional<std::string>()>& next_text) {
  check(training);
  std::vector<std::string> added = all_added(training);
  LearnedMerges learned = learn_merges(count_words(added, next_text),
                                       training.vocabulary - added.size(), training.min_frequency);
  Json byte_level = {{"type", "ByteLevel"},
                     {"add_prefix_space", false},
                     {"trim_offsets", true},
                     {"use_regex", true}};
  Json document = {{"version", "1.0"},          {"truncation", nullptr},
                   {"padding", nullptr},        {"added_tokens", added_of(training, learned)},
                   {"normalizer", nullptr},     {"pre_tokenizer", byte_level},
                   {"post_processor", nullptr}, {"decoder", byte_level},
                   {"model", model_of(learned)}};
  return dump_json(document, 1) + "\n";
}

void write_tokenizer(const TokenizerFolder& content, const std::filesystem::path& folder) {
  TokenizerSpec spec = parse_tokenizer_json(content.tokenizer_json, "tokenizer.json");
  Json others = Json::array();
  bool eos_found = false;
  for (const AddedToken& token : spec.added) {
    bool is_eos = token.content == content.eos_token && token.special;
    eos_found = eos_found || is_eos;
    if (token.special && !is_eos) others.push_back(token.content);
  }
  if (!eos_found) {
    fail(fmt::format("the end token \"{}\" is not one of the special tokens", content.eos_token));
  }
  Json special = {{"eos_token", content.eos_token},
                  {"pad_token", content.eos_token},
                  {"additional_special_tokens", std::move(others)}};
  Json config = special;
  config["tokenizer_class"] = "PreTrainedTokenizerFast";
  config["model_max_length"] = content.max_length;
  config["clean_up_tokenization_spaces"] = false;
  if (content.format) config["chat_template"] = jinja_of(*content.format);
  write_file(folder / "tokenizer.json", content.tokenizer_json);
  write_file(folder / "special_tokens_map.json", dump_json(special, 2) + "\n");
  write_file(folder / "tokenizer_config.json", dump_json(config, 2) + "\n");
}

}  // namespace iago
