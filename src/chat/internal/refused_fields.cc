// Servers name a field they refuse in "param" (OpenAI), in "loc" (FastAPI), or only in a sentence:
//   Unrecognized request argument supplied: top_k       OpenAI
//   property 'min_p' is unsupported                     Groq
//   Unknown name "seed": Cannot find field.             Google
//   seed: Extra inputs are not permitted                Anthropic, Mistral
//   body -> seed Extra inputs are not permitted         NVIDIA
//   unknown field `min_p`                               servers in Rust
//   got an unexpected keyword argument 'min_p'          servers in Python
//   does not support parameters: ['seed']               LiteLLM
//   top_k must be -1 (disable), or at least 1, got 0.   vLLM, SGLang
// The name as a whole word and a complaint are asked for together. In a sentence only the first
// name is blamed: those behind it, or behind "expected one of" and the like, are what the server
// takes, and those in a quoted body are only what it got.
#include "chat/internal/refused_fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace iago {
namespace {

constexpr std::array<std::string_view, 11> kSpare = {"seed",           "top_k",
                                                     "min_p",          "repetition_penalty",
                                                     "repeat_penalty", "stream_options",
                                                     "stream",         "temperature",
                                                     "top_p",          "n",
                                                     "logprobs"};

constexpr std::array<std::string_view, 28> kComplaints = {
    "unknown",        "unsupported", "not supported",    "unrecognized",    "unrecognised",
    "not recognized", "unexpected",  "extra inputs",     "extra fields",    "extra_forbidden",
    "not permitted",  "not allowed", "cannot find",      "invalid",         "must be",
    "should be",      "not valid",   "does not support", "doesn't support", "don't support",
    "is deprecated",  "no longer",   "not available",    "not enabled",     "not accepted",
    "greater than",   "less than",   "out of range"};

// Behind these words a server lists what it takes, up to the sentence's end.
constexpr std::array<std::string_view, 6> kLists = {"expected",     "only",    "one of",
                                                    "did you mean", "instead", "choose from"};
// And behind these, where a word for fields follows.
constexpr std::array<std::string_view, 9> kTaken = {"supported",  "allowed",    "valid",
                                                    "accepted",   "permitted",  "available",
                                                    "recognized", "recognised", "known"};
constexpr std::array<std::string_view, 10> kFieldWords = {
    "param", "field", "arg", "option", "key", "prop", "value", "name", "input", "are"};
// A whole sentence about "stream", which is a word of the language as well.
constexpr std::array<std::string_view, 12> kNoStreams = {"stream not supported",
                                                         "stream is not supported",
                                                         "stream unsupported",
                                                         "streaming not supported",
                                                         "streaming is not supported",
                                                         "streaming is unsupported",
                                                         "does not support stream",
                                                         "doesn't support stream",
                                                         "not support streaming",
                                                         "streaming is not available",
                                                         "streaming responses are not supported",
                                                         "stream=true is not"};

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

constexpr auto kNowhere = std::string_view::npos;

// The first place of `word` as a whole word at or behind `from`.
std::size_t find_word(std::string_view text, std::string_view word, std::size_t from = 0) {
  for (auto at = text.find(word, from); at != kNowhere; at = text.find(word, at + 1)) {
    const bool begins = at == 0 || !is_word_character(text[at - 1]);
    const auto end = at + word.size();
    const bool ends = end == text.size() || !is_word_character(text[end]);
    if (begins && ends) return at;
  }
  return kNowhere;
}

bool complains(std::string_view said) { return says_any(said, kComplaints); }

// "stream_options.include_usage" and "body.seed" name stream_options and seed.
bool is_named(const VendorError& error, std::string_view name) {
  return std::ranges::any_of(
      error.fields, [&](const std::string& field) { return find_word(field, name) != kNowhere; });
}

std::size_t count_of_keys(std::string_view text) {
  std::size_t keys = text.find("messages\":") != kNowhere || text.find("messages':") != kNowhere;
  for (std::string_view name : kSpare) {
    keys += text.find(fmt::format("\"{}\":", name)) != kNowhere ||
            text.find(fmt::format("'{}':", name)) != kNowhere;
  }
  return keys;
}

// `said` without objects that quote the request: two of its fields as keys.
std::string without_bodies(std::string said) {
  for (auto at = said.find('{'); at != std::string::npos; at = said.find('{', at)) {
    int depth = 0;
    std::size_t end = at;
    while (end < said.size()) {
      depth += said[end] == '{';
      depth -= said[end] == '}';
      ++end;
      if (depth == 0) break;
    }
    if (count_of_keys(std::string_view(said).substr(at, end - at)) >= 2) {
      said.replace(at, end - at, " ");
    } else {
      ++at;
    }
  }
  return said;
}

// "not supported", "isn't currently supported": a complaint and no list.
bool is_denied(std::string_view before) {
  before.remove_prefix(before.size() - std::min<std::size_t>(before.size(), 16));
  return find_word(before, "not") != kNowhere || before.find("n't") != kNowhere ||
         find_word(before, "no") != kNowhere;
}

// Where a sentence begins to list what the server takes, or its end.
std::size_t begin_of_list(std::string_view sentence) {
  std::size_t first = sentence.size();
  for (std::string_view word : kLists) first = std::min(first, find_word(sentence, word));
  for (std::string_view word : kTaken) {
    for (auto at = find_word(sentence, word); at < first; at = find_word(sentence, word, at + 1)) {
      const std::string_view behind = sentence.substr(at + word.size()).substr(0, 16);
      const bool lists = behind.starts_with(':') || says_any(behind, kFieldWords);
      if (lists && !is_denied(sentence.substr(0, at))) first = at;
    }
  }
  return first;
}

bool is_quoted(std::string_view text, std::size_t at, std::size_t size) {
  constexpr std::string_view kQuotes = "'\"`";
  return at > 0 && at + size < text.size() && kQuotes.find(text[at - 1]) != kNowhere &&
         text[at - 1] == text[at + size];
}

// The field that is named first in `text`, or empty. Two or more with "=" quote the request.
std::string_view first_named(std::string_view text, bool only_quoted) {
  std::size_t first = kNowhere, first_value = kNowhere, values = 0;
  std::string_view named, named_value;
  for (std::string_view name : kSpare) {
    // A single letter and "stream" are words of the language as well.
    const bool needs_quotes = only_quoted || name == "n" || name == "stream";
    auto at = find_word(text, name);
    while (at != kNowhere && needs_quotes && !is_quoted(text, at, name.size())) {
      at = find_word(text, name, at + 1);
    }
    if (at == kNowhere) continue;
    const bool has_value = text.substr(at + name.size()).starts_with('=');
    values += has_value;
    std::size_t& place = has_value ? first_value : first;
    if (at > place) continue;
    place = at;
    (has_value ? named_value : named) = name;
  }
  return values == 1 && first_value < first ? named_value : named;
}

// The one that a sentence blames, or empty.
std::string_view blamed_field(const std::string& said, bool only_quoted) {
  const std::string text = without_bodies(said);
  const std::vector<std::string_view> sentences = sentences_of(text);
  for (std::string_view sentence : sentences) {
    if (!complains(sentence)) continue;
    const std::string_view head = sentence.substr(0, begin_of_list(sentence));
    if (auto name = first_named(head, only_quoted); !name.empty()) return name;
  }
  // The name and the complaint may stand on lines of their own, before any list.
  for (std::string_view sentence : sentences) {
    const std::size_t list = begin_of_list(sentence);
    if (auto name = first_named(sentence.substr(0, list), only_quoted); !name.empty()) return name;
    if (list < sentence.size()) break;
  }
  return {};
}

}  // namespace

std::span<const std::string_view> fields_to_spare() { return kSpare; }

std::vector<std::string_view> sentences_of(std::string_view said) {
  std::vector<std::string_view> sentences;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < said.size(); ++i) {
    const bool dot = said[i] == '.' && i + 1 < said.size() && said[i + 1] == ' ';
    if (said[i] != '\n' && said[i] != ';' && !dot) continue;
    sentences.push_back(said.substr(begin, i - begin));
    begin = i + 1;
  }
  sentences.push_back(said.substr(begin));
  return sentences;
}

std::vector<std::string> refused_fields(const VendorError& error, const std::string& said) {
  std::vector<std::string> fields;
  for (std::string_view name : kSpare) {
    if (is_named(error, name)) fields.emplace_back(name);
  }
  if (!fields.empty()) return fields;
  if (complains(said)) {
    // A gateway names the whole body, or something of its own, as the field.
    const auto name = blamed_field(said, !error.fields.empty());
    if (!name.empty()) fields.emplace_back(name);
  }
  if (fields.empty() && says_any(said, kNoStreams)) fields.emplace_back("stream");
  return fields;
}

bool complains_of_token_limit(const VendorError& error, const std::string& said) {
  constexpr std::array<std::string_view, 8> kUnknown = {
      "unsupported", "not supported", "unrecognized",  "unknown",
      "instead",     "extra inputs",  "not permitted", "not allowed"};
  const bool names = is_named(error, "max_tokens") || is_named(error, "max_completion_tokens") ||
                     said.find("max_completion_tokens") != std::string::npos;
  return names && says_any(said, kUnknown);
}

std::string hint_for_fields(std::span<const std::string> fields) {
  if (fields.empty()) return {};
  return fmt::format(
      "the server refuses {}: change the study's [sampling], or remove the field with "
      "--extra-body '{{\"{}\": null}}'",
      fmt::join(fields, ", "), fields.front());
}

}  // namespace iago
