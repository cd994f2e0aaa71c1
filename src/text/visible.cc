#include "text/visible.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/ascii.h"
#include "text/characters.h"

namespace iago {
namespace {

struct CodeRange {
  char32_t first, last;
};

// Beyond ASCII and what is_hidden and is_space_or_control know.
constexpr CodeRange kNoWords[] = {
    {0xA1, 0xA9},  // punctuation and signs of Latin-1, without the feminine ordinal
    {0xAB, 0xB1},  // among them the soft hyphen
    {0xB4, 0xB4},      {0xB6, 0xB8},     {0xBB, 0xBB},     {0xBF, 0xBF},
    {0x034F, 0x034F},                                       // combining grapheme joiner
    {0x115F, 0x1160},                                       // fillers of Hangul
    {0x1680, 0x1680},  {0x17B4, 0x17B5}, {0x180B, 0x180F},  // marks of Mongolian
    {0x2000, 0x206F},                                       // general spaces and punctuation
    {0x2800, 0x2800},                                       // the empty pattern of Braille
    {0x3000, 0x3003},  {0x3008, 0x3020}, {0x3164, 0x3164},  // filler of Hangul
    {0xFE00, 0xFE0F},                                       // variation selectors
    {0xFE10, 0xFE6F},                                       // forms of punctuation
    {0xFF01, 0xFF0F},  {0xFF1A, 0xFF20}, {0xFF3B, 0xFF40}, {0xFF5B, 0xFF65},
    {0xFFA0, 0xFFA0},  {0xFFF0, 0xFFFF},  // specials, the sign of a broken byte among them
    {0xE000, 0xF8FF},                     // private use
    {0xE0100, 0xE01EF}};

// Whole tokens of chat templates. <|...|>, in either width, is one whatever it says.
constexpr std::string_view kControlTokens[] = {"<s>",
                                               "</s>",
                                               "<bos>",
                                               "<eos>",
                                               "<eot>",
                                               "<pad>",
                                               "<unk>",
                                               "<mask>",
                                               "<sep>",
                                               "<cls>",
                                               "[INST]",
                                               "[/INST]",
                                               "<<SYS>>",
                                               "<</SYS>>",
                                               "[PAD]",
                                               "[UNK]",
                                               "[CLS]",
                                               "[SEP]",
                                               "[MASK]",
                                               "[EOS]",
                                               "[BOS]",
                                               "[SYSTEM_PROMPT]",
                                               "[/SYSTEM_PROMPT]",
                                               "<start_of_turn>",
                                               "<end_of_turn>",
                                               "<turn|>",
                                               "<|turn>",
                                               "<channel|>",
                                               "<|channel>",
                                               "<end_of_utterance>",
                                               "<endoftext>",
                                               "<end_of_text>",
                                               "<|endoftext>"};
constexpr std::size_t kLongestToken = 64;
constexpr std::array<std::string_view, 4> kRoles = {"assistant", "user", "system", "model"};
// What programs write where there is no value.
constexpr std::array<std::string_view, 5> kNoValue = {"null", "undefined", "nil", "None", "NaN"};

// The size of the control token at the head of the text; 0 if there is none.
std::size_t control_token(std::string_view text) {
  for (std::string_view token : kControlTokens) {
    if (same_letters(text.substr(0, token.size()), token)) return token.size();
  }
  for (auto [open, close] :
       {std::pair<std::string_view, std::string_view>{"<|", "|>"}, {"<\uFF5C", "\uFF5C>"}}) {
    if (!text.starts_with(open)) continue;
    const std::string_view window = text.substr(0, kLongestToken);
    const std::size_t end = window.find(close, open.size());
    const bool is_name = end != window.npos &&
                         window.substr(0, end).find_first_of(" \t\r\n", open.size()) == window.npos;
    if (is_name) return end + close.size();
  }
  return 0;
}

}  // namespace

std::string_view find_control_token(std::string_view text) {
  for (std::size_t at = text.find_first_of("<["); at != text.npos;
       at = text.find_first_of("<[", at + 1)) {
    const std::size_t size = control_token(text.substr(at));
    if (size > 0) return text.substr(at, size);
  }
  return {};
}

bool is_word_character(char32_t code) {
  if (code < 0x80) {
    return (code >= '0' && code <= '9') || (code >= 'A' && code <= 'Z') ||
           (code >= 'a' && code <= 'z');
  }
  if (is_space_or_control(code) || is_hidden(code)) return false;
  return std::ranges::none_of(
      kNoWords, [&](CodeRange range) { return code >= range.first && code <= range.last; });
}

bool says_something(std::string_view text) {
  std::string words;  // without what nobody can see
  bool has_token = false;
  while (!text.empty()) {
    if (const std::size_t size = control_token(text); size > 0) {
      text.remove_prefix(size);
      has_token = true;
      if (words.empty() || words.back() != ' ') words += ' ';
      continue;
    }
    const Decoded character = decode(text);
    if (is_word_character(character.code)) {
      words += text.substr(0, character.bytes);
    } else if (!is_hidden(character.code) && (words.empty() || words.back() != ' ')) {
      words += ' ';
    }
    // Longer than any word that says nothing.
    if (words.size() > 4 * kLongestToken) return true;
    text.remove_prefix(character.bytes);
  }
  const std::string_view rest = trimmed(words);
  if (rest.empty()) return false;
  if (std::ranges::find(kNoValue, rest) != kNoValue.end()) return false;
  return !has_token || std::ranges::find(kRoles, lowered(rest)) == kRoles.end();
}

}  // namespace iago
