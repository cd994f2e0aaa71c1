#include "judge/internal/normalise.h"

#include <array>
#include <cctype>
#include <utility>
#include <vector>

namespace iago {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

constexpr std::array kTypographic = std::to_array<Pair>({
    {"\xe2\x80\x98", "'"},
    {"\xe2\x80\x99", "'"},
    {"\xe2\x80\x9c", "\""},
    {"\xe2\x80\x9d", "\""},
    {"\xe2\x80\x93", ","},
    {"\xe2\x80\x94", ","},
    {"\xe2\x80\xa6", ","},
    {"\xe2\x80\x91", "-"},
    {"\xc2\xa0", " "},
    {"\xe2\x80\xa2", " "},
});

// Whole words, then endings; the first that fits.
constexpr std::array kWords = std::to_array<Pair>({
    {"won't", "will not"}, {"can't", "can not"},  {"cannot", "can not"},   {"shan't", "shall not"},
    {"ain't", "is not"},   {"let's", "let us"},   {"gonna", "going to"},   {"wanna", "want to"},
    {"gotta", "got to"},   {"dont", "do not"},    {"wont", "will not"},    {"cant", "can not"},
    {"it's", "it is"},     {"that's", "that is"}, {"there's", "there is"}, {"he's", "he is"},
    {"she's", "she is"},   {"what's", "what is"}, {"who's", "who is"},     {"here's", "here is"},
    {"this's", "this is"}, {"&", "and"},
});
constexpr std::array kEndings = std::to_array<Pair>({
    {"n't", " not"},
    {"'ll", " will"},
    {"'d", " would"},
    {"'re", " are"},
    {"'ve", " have"},
    {"'m", " am"},
    {"'s", " s"},
});

// Bytes to words, blanks and commas.
std::string simplify(std::string_view sentence) {
  std::string out;
  out.reserve(sentence.size());
  for (std::size_t i = 0; i < sentence.size();) {
    auto byte = static_cast<unsigned char>(sentence[i]);
    std::string_view plain = sentence.substr(i, 1);
    if (byte >= 0x80) {
      for (const auto& [from, to] : kTypographic) {
        if (sentence.substr(i).starts_with(from)) {
          i += from.size() - 1;
          plain = to;
          break;
        }
      }
    }
    ++i;
    char c = plain[0];
    if (std::isspace(static_cast<unsigned char>(c)) || c == '-' || c == '*' || c == '_' ||
        c == '#') {
      out += ' ';
    } else if (c == '"' || c == '`') {
      // Quotation marks go.
    } else if (static_cast<unsigned char>(c) < 0x80 &&
               std::ispunct(static_cast<unsigned char>(c)) && c != '\'' && c != '&') {
      out += " , ";
    } else {
      out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  return out;
}

void append_word(std::string& out, std::string_view word) {
  if (!out.empty()) out += ' ';
  for (const auto& [from, to] : kWords) {
    if (word == from) {
      out += to;
      return;
    }
  }
  for (const auto& [from, to] : kEndings) {
    if (word.size() > from.size() && word.ends_with(from)) {
      out += word.substr(0, word.size() - from.size());
      out += to;
      return;
    }
  }
  while (word.starts_with('\'')) word.remove_prefix(1);
  while (word.ends_with('\'')) word.remove_suffix(1);
  if (word.empty() && !out.empty()) out.pop_back();
  out += word;
}

}  // namespace

std::string normalise_sentence(std::string_view sentence) {
  std::string simple = simplify(sentence), out;
  out.reserve(simple.size() + 16);
  std::string_view rest = simple;
  bool comma = true;  // none at the beginning, none twice
  while (!rest.empty()) {
    std::size_t start = rest.find_first_not_of(' ');
    if (start == std::string_view::npos) break;
    rest.remove_prefix(start);
    std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(word.size());
    if (word == "," && comma) continue;
    comma = word == ",";
    append_word(out, word);
  }
  if (out.ends_with(" ,")) out.resize(out.size() - 2);
  return out;
}

}  // namespace iago
