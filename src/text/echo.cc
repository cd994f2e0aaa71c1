#include "text/echo.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/ascii.h"
#include "base/error.h"
#include "text/characters.h"
#include "text/visible.h"

namespace iago {
namespace {

// What may stand around an echo.
constexpr std::array<std::string_view, 46> kLabels = {
    "a",     "asked", "asks",     "below",  "echo",        "following", "got",       "here",
    "human", "i",     "input",    "inputs", "instruction", "is",        "me",        "message",
    "my",    "now",   "original", "prompt", "query",       "question",  "quote",     "re",
    "read",  "reads", "received", "repeat", "repeated",    "request",   "requested", "s",
    "said",  "says",  "task",     "text",   "that",        "the",       "this",      "to",
    "user",  "was",   "were",     "wrote",  "you",         "your"};

bool is_label(std::string_view word) { return std::ranges::find(kLabels, word) != kLabels.end(); }

// Counts what is left of a text, word by word.
class Labels {
 public:
  // False once it holds other words than labels, or too many.
  bool take(std::string_view word) { return ++count_ <= kMostEchoLabels && is_label(word); }
  bool take_all(std::string_view words) {
    for (words = trimmed(words); !words.empty(); words = trimmed(words)) {
      const std::string_view word = words.substr(0, words.find(' '));
      if (!take(word)) return false;
      words.remove_prefix(word.size());
    }
    return true;
  }

 private:
  std::size_t count_ = 0;
};

// Where each word begins, and the end of the last one: so the space behind word i is in front of
// starts[i + 1].
std::vector<std::size_t> starts_of(std::string_view words) {
  std::vector<std::size_t> starts;
  for (std::size_t at = 1; at <= words.size(); at = words.find(' ', at) + 1) {
    starts.push_back(at);
    if (at == words.size()) break;
  }
  return starts;
}

}  // namespace

std::string plain_words(std::string_view text) {
  std::string words = " ";
  words.reserve(text.size() + 2);
  while (!text.empty()) {
    const Decoded character = decode(text);
    if (is_word_character(character.code)) {
      for (char c : text.substr(0, character.bytes)) words += lower(c);
    } else if (!is_hidden(character.code) && words.back() != ' ') {
      words += ' ';
    }
    text.remove_prefix(character.bytes);
  }
  if (words.back() != ' ') words += ' ';
  return words;
}

bool says_only(std::string_view words, std::string_view source) {
  std::size_t at = words.find(source);
  if (trimmed(source).empty() || at == words.npos) return false;
  Labels around;
  std::size_t from = 0;
  while (at != words.npos) {
    if (!around.take_all(words.substr(from, at - from))) return false;
    from = at + source.size() - 1;  // its last space may be the first of the next
    at = words.find(source, from);
  }
  return around.take_all(words.substr(from));
}

bool is_pieced_together(std::string_view words, std::string_view source, std::size_t shortest) {
  IAGO_CHECK(shortest >= 1, "a stretch has a word");
  const std::vector<std::size_t> starts = starts_of(words);
  const std::size_t count = starts.size() - 1;
  Labels around;
  std::size_t covered = 0;  // words before it lie in a stretch
  bool any = false;
  for (std::size_t i = 0; i < count; ++i) {
    if (i + shortest <= count) {
      const std::size_t begin = starts[i] - 1, end = starts[i + shortest];
      if (source.find(words.substr(begin, end - begin)) != source.npos) {
        covered = i + shortest;
        any = true;
      }
    }
    if (i < covered) continue;
    if (!around.take(words.substr(starts[i], starts[i + 1] - 1 - starts[i]))) return false;
  }
  return any;
}

}  // namespace iago
