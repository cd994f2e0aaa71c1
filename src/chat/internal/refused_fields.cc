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
// The name as a whole word and a complaint are asked for together.
#include "chat/internal/refused_fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace iago {
namespace {

constexpr std::array<std::string_view, 10> kSpare = {"seed",           "top_k",
                                                     "min_p",          "repetition_penalty",
                                                     "repeat_penalty", "stream_options",
                                                     "stream",         "temperature",
                                                     "top_p",          "n"};

constexpr std::array<std::string_view, 22> kComplaints = {
    "unknown",        "unsupported", "not supported",    "unrecognized",    "unrecognised",
    "not recognized", "unexpected",  "extra inputs",     "extra fields",    "extra_forbidden",
    "not permitted",  "not allowed", "cannot find",      "invalid",         "must be",
    "should be",      "not valid",   "does not support", "doesn't support", "don't support",
    "is deprecated",  "no longer"};

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

bool has_word(std::string_view text, std::string_view word) {
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const bool begins = at == 0 || !is_word_character(text[at - 1]);
    const auto end = at + word.size();
    const bool ends = end == text.size() || !is_word_character(text[end]);
    if (begins && ends) return true;
  }
  return false;
}

bool complains(const std::string& said) {
  return std::ranges::any_of(kComplaints,
                             [&](auto words) { return said.find(words) != std::string::npos; });
}

// "stream_options.include_usage" and "body.seed" name stream_options and seed.
bool is_named(const VendorError& error, std::string_view name) {
  return std::ranges::any_of(error.fields,
                             [&](const std::string& field) { return has_word(field, name); });
}

}  // namespace

std::span<const std::string_view> fields_to_spare() { return kSpare; }

std::vector<std::string> refused_fields(const VendorError& error, const std::string& said) {
  std::vector<std::string> fields;
  const bool in_words = error.fields.empty() && complains(said);
  for (std::string_view name : kSpare) {
    // A single letter and "stream" are words of the language as well.
    const bool only_by_name = name == "n" || name == "stream";
    if (is_named(error, name) || (in_words && !only_by_name && has_word(said, name))) {
      fields.emplace_back(name);
    }
  }
  if (!fields.empty() || !complains(said)) return fields;
  // A gateway that names the whole body, or something of its own, as the field.
  for (std::string_view name : kSpare) {
    const std::string quoted[] = {fmt::format("'{}'", name), fmt::format("\"{}\"", name),
                                  fmt::format("`{}`", name)};
    if (std::ranges::any_of(quoted, [&](const std::string& text) {
          return said.find(text) != std::string::npos;
        })) {
      fields.emplace_back(name);
    }
  }
  return fields;
}

bool complains_of_token_limit(const VendorError& error, const std::string& said) {
  constexpr std::array<std::string_view, 8> kUnknown = {
      "unsupported", "not supported", "unrecognized",  "unknown",
      "instead",     "extra inputs",  "not permitted", "not allowed"};
  const bool names = is_named(error, "max_tokens") || is_named(error, "max_completion_tokens") ||
                     said.find("max_completion_tokens") != std::string::npos;
  return names && std::ranges::any_of(
                      kUnknown, [&](auto words) { return said.find(words) != std::string::npos; });
}

std::string hint_for_fields(std::span<const std::string> fields) {
  if (fields.empty()) return {};
  return fmt::format(
      "the server refuses {}: change the study's [sampling], or remove the field with "
      "--extra-body '{{\"{}\": null}}'",
      fmt::join(fields, ", "), fields.front());
}

}  // namespace iago
