// A grader quotes what it was shown, roughly. To find the quote, both are made plain: white space
// becomes single spaces, invisible characters and U+FFFD go. `plain_` is the shown text in this
// form, and for each of its bytes `begins_` and `ends_` say which bytes of the original the
// character came from; the three always have the same length. So a match in plain_ gives the range
// in the original, with all that was left out in between.
//
// The quote must stand there word for word otherwise. Nothing is matched approximately: a quote
// that almost fits is what an invented quote looks like.
//
// Where the text was cut, plain_ has its two halves side by side with nothing between. A match
// across cut_at_ would join words that never stood together, so it does not count.
#include "judge/internal/quoted_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "text/utf8.h"

namespace iago {
namespace {

// Bytes. Shorter ones stand in any text by chance: "I will".
constexpr std::size_t kShortestQuote = 8;
constexpr char32_t kReplacement = 0xFFFD;

struct CodeRange {
  char32_t first, last;
};

// Format characters, fillers, variation selectors and tags of Unicode 15 that show nothing.
constexpr std::array<CodeRange, 18> kInvisible = {{{0x00AD, 0x00AD},
                                                   {0x034F, 0x034F},
                                                   {0x061C, 0x061C},
                                                   {0x115F, 0x1160},
                                                   {0x17B4, 0x17B5},
                                                   {0x180B, 0x180F},
                                                   {0x200B, 0x200F},
                                                   {0x202A, 0x202E},
                                                   {0x2060, 0x206F},
                                                   {0x2800, 0x2800},
                                                   {0x3164, 0x3164},
                                                   {0xFE00, 0xFE0F},
                                                   {0xFEFF, 0xFEFF},
                                                   {0xFFA0, 0xFFA0},
                                                   {0xFFF9, 0xFFFB},
                                                   {0x13430, 0x13440},
                                                   {0x1D173, 0x1D17A},
                                                   {0xE0000, 0xE0FFF}}};

bool is_space(char32_t c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

bool is_invisible(char32_t c) {
  if (is_space(c)) return false;
  if (c < 0x20 || (c >= 0x7F && c < 0xA0)) return true;
  return std::ranges::any_of(kInvisible,
                             [c](const CodeRange& r) { return c >= r.first && c <= r.last; });
}

bool is_single_mark(char32_t c) {
  return (c >= 0x2018 && c <= 0x201B) || c == 0x2032 || c == 0x2035 || c == 0x02BC || c == 0xB4 ||
         c == '`' || c == 0x2039 || c == 0x203A;
}

bool is_double_mark(char32_t c) {
  return (c >= 0x201C && c <= 0x201F) || c == 0xAB || c == 0xBB || c == 0x2033 || c == 0x2036 ||
         (c >= 0x300C && c <= 0x300F);
}

bool is_dash(char32_t c) {
  return c == '-' || (c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0xFE58 || c == 0xFE63 ||
         c == 0xFF0D;
}

// Appends a character as quotes are compared: graders type marks, dashes and blanks in another way
// than the text has them. Runs of dashes and of blanks become one.
void append_folded(std::string& plain, char32_t c) {
  const auto append_once = [&](char one) {
    if (plain.empty() || plain.back() != one) plain += one;
  };
  if (is_space(c)) {
    append_once(' ');
  } else if (is_dash(c)) {
    append_once('-');
  } else if (is_single_mark(c)) {
    plain += '\'';
  } else if (is_double_mark(c)) {
    plain += '"';
  } else if (c == 0x2026) {
    plain += "...";
  } else {
    append_utf8(plain, c);
  }
}

// The quote made plain, as show() makes the text plain; besides, no space at either end.
std::string plain_quote(std::string_view quote) {
  std::string plain;
  while (!quote.empty()) {
    Utf8Step step = next_code_point(quote);
    quote.remove_prefix(step.size);
    if (is_invisible(step.code_point) || step.code_point == kReplacement) continue;
    if (plain.empty() && is_space(step.code_point)) continue;
    append_folded(plain, step.code_point);
  }
  while (!plain.empty() && plain.back() == ' ') plain.pop_back();
  return plain;
}

// Without the quotation marks and dots of omission that graders put around quotes.
std::string_view unwrapped(std::string_view quote) {
  constexpr std::string_view kWrapping[] = {"\"", "'", " ", "..."};
  for (bool again = true; again;) {
    again = false;
    for (std::string_view mark : kWrapping) {
      if (quote.starts_with(mark)) quote.remove_prefix(mark.size()), again = true;
      if (quote.ends_with(mark)) quote.remove_suffix(mark.size()), again = true;
    }
  }
  return quote;
}

// What stands between the dots by which a quote leaves words out: "...", "[...]", "(...)".
std::vector<std::string_view> parts_of(std::string_view quote) {
  constexpr std::string_view kDots = "...";
  std::vector<std::string_view> parts;
  for (bool more = true; more;) {
    const auto at = quote.find(kDots);
    more = at != std::string_view::npos;
    std::string_view part = quote.substr(0, at);
    if (more) quote.remove_prefix(at + kDots.size());
    const bool is_bracketed = more && !quote.empty() && (quote[0] == ']' || quote[0] == ')');
    if (is_bracketed) quote.remove_prefix(1);
    while (part.ends_with(' ') || part.ends_with('[') || part.ends_with('(')) part.remove_suffix(1);
    while (part.starts_with(' ') || part.starts_with('.')) part.remove_prefix(1);
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

bool continues_character(char c) { return (c & 0xC0) == 0x80; }

}  // namespace

QuotedText::QuotedText(std::string_view text, std::size_t most_shown) {
  if (text.size() <= most_shown) {
    show(text, 0);
    return;
  }
  std::size_t head = most_shown / 2, tail = text.size() - (most_shown - head);
  // At most three bytes further, so that the cut splits no character.
  for (int i = 0; i < 3 && head > 0 && continues_character(text[head]); ++i) --head;
  for (int i = 0; i < 3 && tail < text.size() && continues_character(text[tail]); ++i) ++tail;
  left_out_ = tail - head;
  show(text.substr(0, head), 0);
  cut_at_ = plain_.size();
  shown_ += fmt::format("\n[... {} bytes left out here ...]\n", left_out_);
  show(text.substr(tail), tail);
}

void QuotedText::show(std::string_view piece, std::size_t offset) {
  while (!piece.empty()) {
    Utf8Step step = next_code_point(piece);
    std::uint64_t begin = offset, end = offset + step.size;
    piece.remove_prefix(step.size);
    offset += step.size;
    if (is_invisible(step.code_point)) continue;
    append_utf8(shown_, step.code_point);
    if (step.code_point == kReplacement) continue;
    append_folded(plain_, step.code_point);
    begins_.resize(plain_.size(), begin);
    ends_.resize(plain_.size(), end);
  }
}

bool QuotedText::is_blank() const { return plain_.find_first_not_of(' ') == std::string::npos; }

std::optional<QuotedText::Range> QuotedText::find(std::string_view quote) const {
  std::string plain = plain_quote(quote);
  std::string_view inner = unwrapped(plain);
  // As it is first: a text may well begin with a quotation mark, and have dots of its own.
  for (std::string_view wanted : {std::string_view(plain), inner}) {
    if (wanted.empty()) continue;
    bool whole = wanted.size() >= kShortestQuote || wanted == unwrapped(plain_);
    if (!whole) continue;
    for (auto at = plain_.find(wanted); at != std::string::npos; at = plain_.find(wanted, at + 1)) {
      std::size_t end = at + wanted.size();
      if (left_out_ > 0 && at < cut_at_ && end > cut_at_) continue;
      return Range{begins_[at], ends_[end - 1] - begins_[at]};
    }
  }
  return find_with_elisions(inner);
}

std::optional<QuotedText::Range> QuotedText::find_with_elisions(std::string_view quote) const {
  const std::vector<std::string_view> parts = parts_of(quote);
  const bool are_long = std::ranges::all_of(
      parts, [](std::string_view part) { return part.size() >= kShortestQuote; });
  if (parts.size() < 2 || !are_long) return std::nullopt;
  const std::string_view all = plain_;
  // What was cut away may not be bridged: the head of the text, then its tail.
  const std::size_t cut = left_out_ > 0 ? cut_at_ : all.size();
  for (const auto& [first, last] : {std::pair(std::size_t{0}, cut), std::pair(cut, all.size())}) {
    const std::string_view piece = all.substr(0, last);
    std::size_t begin = std::string_view::npos, next = first;
    for (std::string_view part : parts) {
      const auto at = piece.find(part, next);
      if (at == std::string_view::npos) {
        next = at;
        break;
      }
      if (begin == std::string_view::npos) begin = at;
      next = at + part.size();
    }
    if (next == std::string_view::npos) continue;
    return Range{begins_[begin], ends_[next - 1] - begins_[begin]};
  }
  return std::nullopt;
}

}  // namespace iago
