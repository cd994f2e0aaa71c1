#include "text/word_diff.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace iago {
namespace {

using WordTokens = std::vector<std::string_view>;

constexpr std::size_t kMostCells = std::size_t{16} << 20;  // a byte each

enum class TokenKind { space, word, mark };

TokenKind token_kind(char c) {
  if (c == ' ' || c == '\n' || c == '\t' || c == '\r') return TokenKind::space;
  bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return letter || c == '_' || (c & 0x80) != 0 ? TokenKind::word : TokenKind::mark;
}

// Runs of white space, words, and marks one by one: a tag's name differs, not its brackets.
WordTokens words_of(std::string_view text) {
  WordTokens words;
  while (!text.empty()) {
    auto kind = token_kind(text[0]);
    std::size_t size = 1;
    while (kind != TokenKind::mark && size < text.size() && token_kind(text[size]) == kind) ++size;
    words.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return words;
}

WordTokens lines_of(std::string_view text) {
  WordTokens lines;
  while (!text.empty()) {
    auto size = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

// For each token of a: is it in the common subsequence? Absent if the table would be too large.
std::optional<std::vector<bool>> in_common(const WordTokens& a, const WordTokens& b) {
  std::size_t begin = 0, tail = 0;
  auto least = std::min(a.size(), b.size());
  while (begin < least && a[begin] == b[begin]) ++begin;
  while (tail < least - begin && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) ++tail;
  std::size_t n = a.size() - begin - tail, m = b.size() - begin - tail;
  std::vector<bool> common(a.size(), true);
  std::fill_n(common.begin() + static_cast<std::ptrdiff_t>(begin), n, false);
  if (n == 0 || m == 0) return common;
  if (n > kMostCells / m) return std::nullopt;
  enum Step : std::uint8_t { kBoth, kSkipA, kSkipB };
  std::vector<std::uint8_t> steps(n * m);
  // Lengths of the best common subsequence of a[i..] and b[j..], row by row from the end.
  std::vector<std::uint32_t> below(m + 1, 0), row(m + 1, 0);
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t j = m; j-- > 0;) {
      if (a[begin + i] == b[begin + j]) {
        row[j] = below[j + 1] + 1, steps[i * m + j] = kBoth;
      } else if (below[j] >= row[j + 1]) {
        row[j] = below[j], steps[i * m + j] = kSkipA;
      } else {
        row[j] = row[j + 1], steps[i * m + j] = kSkipB;
      }
    }
    std::swap(row, below);
  }
  for (std::size_t i = 0, j = 0; i < n && j < m;) {
    auto step = steps[i * m + j];
    if (step == kBoth) common[begin + i] = true;
    i += step == kSkipB ? 0 : 1;
    j += step == kSkipA ? 0 : 1;
  }
  return common;
}

std::vector<bool> ends_in_common(const WordTokens& a, const WordTokens& b) {
  std::vector<bool> common(a.size(), false);
  auto least = std::min(a.size(), b.size());
  std::size_t begin = 0, tail = 0;
  while (begin < least && a[begin] == b[begin]) common[begin++] = true;
  while (tail < least - begin && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) {
    common[a.size() - 1 - tail++] = true;
  }
  return common;
}

// A space or a mark between two different words is as different as they are: one mark, not many.
void join_between(const WordTokens& tokens, std::vector<bool>& common) {
  for (std::size_t i = 1; i + 1 < tokens.size(); ++i) {
    bool joins = token_kind(tokens[i][0]) == TokenKind::mark ||
                 tokens[i].find_first_not_of(" \t") == std::string_view::npos;
    if (joins && !common[i - 1] && !common[i + 1]) common[i] = false;
  }
}

std::vector<DiffSpan> spans_of(std::string_view text, const WordTokens& tokens,
                               const std::vector<bool>& common) {
  std::vector<DiffSpan> spans;
  std::size_t offset = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (spans.empty() || spans.back().is_different == common[i]) {
      spans.push_back({text.substr(offset, 0), !common[i]});
    }
    auto& last = spans.back().text;
    last = std::string_view(last.data(), last.size() + tokens[i].size());
    offset += tokens[i].size();
  }
  return spans;
}

}  // namespace

std::vector<DiffSpan> marked_differences(std::string_view text, std::string_view other) {
  auto tokens = words_of(text);
  auto common = in_common(tokens, words_of(other));
  if (common) {
    join_between(tokens, *common);
  } else {
    tokens = lines_of(text);
    auto other_lines = lines_of(other);
    common = in_common(tokens, other_lines);
    if (!common) common = ends_in_common(tokens, other_lines);
  }
  return spans_of(text, tokens, *common);
}

}  // namespace iago
