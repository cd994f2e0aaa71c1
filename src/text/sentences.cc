#include "text/sentences.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace iago {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The size of the first of `all` that the text starts with; 0 if there is none.
std::size_t starting_with(std::string_view text, std::initializer_list<std::string_view> all) {
  for (std::string_view one : all) {
    if (text.starts_with(one)) return one.size();
  }
  return 0;
}

std::size_t end_mark(std::string_view text) { return starting_with(text, {".", "!", "?", "…"}); }
std::size_t wide_end_mark(std::string_view text) { return starting_with(text, {"。", "！", "？"}); }
// What may stand between an end mark and the white space.
std::size_t closing(std::string_view text) {
  return starting_with(text, {"\"", "'", ")", "]", "}", "*", "_", "”", "’", "»"});
}

// Does a full stop behind this beginning of a sentence belong to its last word?
bool is_abbreviated(std::string_view sentence) {
  constexpr std::array<std::string_view, 9> kAbbreviations = {"e.g", "i.e", "Mr",  "Mrs", "Ms",
                                                              "Dr",  "vs",  "etc", "St"};
  if (!sentence.empty() && std::ranges::all_of(sentence, is_digit)) return true;
  constexpr std::size_t kLongest = 3;
  std::size_t begin = sentence.size();
  while (begin > 0 && sentence.size() - begin <= kLongest && sentence[begin - 1] != '(' &&
         !is_space(sentence[begin - 1])) {
    --begin;
  }
  std::string_view word = sentence.substr(begin);
  if (word.size() == 1) return is_upper(word[0]) && word != "I";
  return std::ranges::find(kAbbreviations, word) != kAbbreviations.end();
}

bool goes_on_in_lower_case(std::string_view rest) {
  std::size_t at = std::min(rest.find_first_not_of(" \t"), rest.size());
  return at < rest.size() && is_lower(rest[at]);
}

struct Marks {
  std::size_t size = 0;  // of the run of marks and what closes behind it
  bool end_sentence = false;
};

// The marks at text[at]; the sentence began at `begin`.
Marks read_marks(std::string_view text, std::size_t begin, std::size_t at) {
  std::size_t end = at;
  while (std::size_t size = end_mark(text.substr(end))) end += size;
  std::string_view run = text.substr(at, end - at);
  while (std::size_t size = closing(text.substr(end))) end += size;
  Marks marks{end - at, end == text.size() || is_space(text[end])};
  if (run.find_first_not_of('.') != run.npos || end == text.size()) return marks;
  if (run.size() == 1 && is_abbreviated(text.substr(begin, at - begin))) marks.end_sentence = false;
  if (goes_on_in_lower_case(text.substr(end))) marks.end_sentence = false;
  return marks;
}

}  // namespace

std::vector<std::string_view> split_sentences(std::string_view text) {
  std::vector<std::string_view> sentences;
  std::size_t begin = 0, at = 0;
  auto end_at = [&](std::size_t end) {
    std::string_view sentence = trimmed(text.substr(begin, end - begin));
    if (!sentence.empty()) sentences.push_back(sentence);
    begin = end;
  };
  while (at < text.size()) {
    while (begin == at && at < text.size() && is_space(text[at])) begin = ++at;
    if (at == text.size()) break;
    if (text[at] == '\n' || text[at] == '\r') {
      end_at(at);
    } else if (std::size_t size = wide_end_mark(text.substr(at))) {
      at += size;
      while (std::size_t more = closing(text.substr(at))) at += more;
      end_at(at);
    } else if (end_mark(text.substr(at)) > 0) {
      Marks marks = read_marks(text, begin, at);
      at += marks.size;
      if (marks.end_sentence) end_at(at);
    } else {
      ++at;
    }
  }
  end_at(text.size());
  return sentences;
}

}  // namespace iago
