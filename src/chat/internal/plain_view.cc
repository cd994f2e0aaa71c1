#include "chat/internal/plain_view.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"

namespace iago {
namespace {

constexpr std::size_t kLongestEscape = 10;  // &#x10ffff;
constexpr int kMostLayers = 3;
// A whole escape of two layers, of which the outer ones may begin before it.
constexpr std::size_t kLongestOfTwo = kLongestEscape * (kLongestEscape + 1);

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

// A text whose escapes were read, with where in the first one each character stands.
struct Layer {
  std::string text;
  std::vector<std::uint32_t> begins, ends;

  void add(char c, std::uint32_t begin, std::uint32_t end) {
    text += c;
    begins.push_back(begin);
    ends.push_back(end);
  }
};

Layer first_layer(std::string_view text) {
  Layer layer{.text = std::string(text), .begins = {}, .ends = {}};
  layer.begins.reserve(text.size());
  layer.ends.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    layer.begins.push_back(static_cast<std::uint32_t>(at));
    layer.ends.push_back(static_cast<std::uint32_t>(at + 1));
  }
  return layer;
}

// Reads the escapes of a layer. What they stand for may be part of another escape, which the next
// layer reads. False if there is none.
bool read_escapes(Layer& layer) {
  if (layer.text.find_first_of("%\\&") == std::string::npos) return false;
  const std::string_view text = layer.text;
  Layer next;
  bool any = false;
  for (std::size_t at = 0; at < text.size();) {
    const Escape escape = escape_at(text.substr(at, kLongestEscape));
    const bool is_whole = escape.reading == Reading::whole;
    const std::size_t size = is_whole ? escape.size : 1;
    const char read = escape.value < 0x80 ? static_cast<char>(escape.value) : '\0';
    next.add(is_whole ? read : text[at], layer.begins[at], layer.ends[at + size - 1]);
    any |= is_whole;
    at += size;
  }
  if (any) layer = std::move(next);
  return any;
}

Layer without_escapes(std::string_view text) {
  Layer layer = first_layer(text);
  for (int i = 0; i < kMostLayers && read_escapes(layer); ++i) continue;
  return layer;
}

}  // namespace

PlainView plain_view(std::string_view from) {
  const Layer layer = without_escapes(from);
  const std::string_view text = layer.text;
  PlainView view;
  view.letters.reserve(text.size());
  view.begins.reserve(text.size());
  view.ends.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (is_base_mark(text, at)) {
      ++at;
      continue;
    }
    if (text.substr(at).starts_with("...")) {
      view.cuts.push_back(static_cast<std::uint32_t>(view.letters.size()));
    }
    if (!is_letter(text[at])) continue;
    view.letters += lower(text[at]);
    view.begins.push_back(layer.begins[at]);
    view.ends.push_back(layer.ends[at]);
  }
  view.cuts.push_back(static_cast<std::uint32_t>(view.letters.size()));
  return view;
}

std::size_t unfinished_escape(std::string_view text) {
  const std::size_t from = text.size() - std::min(text.size(), kLongestOfTwo);
  Layer layer = first_layer(text.substr(from));
  std::size_t first = text.size();
  for (int i = 0; i < kMostLayers; ++i) {
    const std::string_view tail = layer.text;
    std::size_t at = tail.size() - std::min(tail.size(), kLongestEscape);
    for (; at < tail.size(); ++at) {
      if (escape_at(tail.substr(at)).reading != Reading::unfinished) continue;
      first = std::min<std::size_t>(first, from + layer.begins[at]);
      // What it will say is not known yet, so the inner layers end before it.
      layer.text.resize(at);
      break;
    }
    if (!read_escapes(layer)) break;
  }
  if (first < text.size()) return first;
  // May be the beginning of a base mark.
  const bool zero = text.ends_with('0') && (text.size() == 1 || !is_letter(text[text.size() - 2]));
  return zero ? text.size() - 1 : text.size();
}

}  // namespace iago
