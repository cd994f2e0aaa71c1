#include "chat/internal/plain_view.h"

#include <algorithm>

#include "base/ascii.h"

namespace iago {
namespace {

constexpr std::size_t kLongestEscape = 10;  // &#x10ffff;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_letter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

enum class Reading { none, unfinished, whole };

struct Escape {
  Reading reading = Reading::none;
  std::size_t size = 0;
  std::uint32_t value = 0;  // a code point
};

// Digits from `at` on: exactly `count`, or as many as there are up to `close`.
Escape digits(std::string_view text, std::size_t at, std::uint32_t base, std::size_t count,
              char close) {
  Escape escape;
  const std::size_t first = at;
  for (; at < text.size() && at - first < count; ++at) {
    const int digit = hex_digit(text[at]);
    if (digit < 0 || static_cast<std::uint32_t>(digit) >= base) break;
    escape.value = escape.value * base + static_cast<std::uint32_t>(digit);
  }
  const bool any = at > first;
  if (close != '\0') {
    if (at == text.size()) return {Reading::unfinished};
    if (!any || text[at] != close) return {};
    return {Reading::whole, at + 1, escape.value};
  }
  if (at - first == count) return {Reading::whole, at, escape.value};
  return {at == text.size() ? Reading::unfinished : Reading::none};
}

Escape after_backslash(std::string_view text) {
  if (text.size() == 1) return {Reading::unfinished};
  if (text[1] == 'x') return digits(text, 2, 16, 2, '\0');
  if (text[1] != 'u') return {};
  if (text.size() == 2) return {Reading::unfinished};
  return text[2] == '{' ? digits(text, 3, 16, 6, '}') : digits(text, 2, 16, 4, '\0');
}

Escape after_ampersand(std::string_view text) {
  if (text.size() == 1) return {Reading::unfinished};
  if (text[1] != '#') return {};
  if (text.size() == 2) return {Reading::unfinished};
  const bool hex = text[2] == 'x' || text[2] == 'X';
  return hex ? digits(text, 3, 16, 6, ';') : digits(text, 2, 10, 7, ';');
}

Escape escape_at(std::string_view text) {
  switch (text[0]) {
    case '%':
      return digits(text, 1, 16, 2, '\0');
    case '\\':
      return after_backslash(text);
    case '&':
      return after_ampersand(text);
    default:
      return {};
  }
}

// "0x" in front of digits, not in the middle of a word.
bool is_base_mark(std::string_view text, std::size_t at) {
  return text[at] == '0' && at + 1 < text.size() && (text[at + 1] == 'x' || text[at + 1] == 'X') &&
         (at == 0 || !is_letter(text[at - 1]));
}

}  // namespace

PlainView plain_view(std::string_view text) {
  PlainView view;
  view.letters.reserve(text.size());
  view.begins.reserve(text.size());
  view.ends.reserve(text.size());
  auto add = [&](char c, std::size_t begin, std::size_t end) {
    if (!is_letter(c)) return;
    view.letters += lower(c);
    view.begins.push_back(static_cast<std::uint32_t>(begin));
    view.ends.push_back(static_cast<std::uint32_t>(end));
  };
  for (std::size_t at = 0; at < text.size();) {
    const Escape escape = escape_at(text.substr(at, kLongestEscape));
    if (escape.reading == Reading::whole) {
      if (escape.value < 0x80) add(static_cast<char>(escape.value), at, at + escape.size);
      at += escape.size;
      continue;
    }
    if (is_base_mark(text, at)) {
      at += 2;
      continue;
    }
    if (text.substr(at).starts_with("...")) {
      view.cuts.push_back(static_cast<std::uint32_t>(view.letters.size()));
    }
    add(text[at], at, at + 1);
    ++at;
  }
  view.cuts.push_back(static_cast<std::uint32_t>(view.letters.size()));
  return view;
}

std::size_t unfinished_escape(std::string_view text) {
  const std::size_t from = text.size() - std::min(text.size(), kLongestEscape);
  for (std::size_t at = from; at < text.size(); ++at) {
    if (escape_at(text.substr(at)).reading == Reading::unfinished) return at;
  }
  // May be the beginning of a base mark.
  const bool zero = text.ends_with('0') && (text.size() == 1 || !is_letter(text[text.size() - 2]));
  return zero ? text.size() - 1 : text.size();
}

}  // namespace iago
