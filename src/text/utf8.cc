#include "text/utf8.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "base/error.h"

namespace iago {
namespace {

// What may follow a lead byte: how many bytes, and the range of the first of them (Unicode, table
// 3-7). The others lie in 80..BF.
struct Lead {
  int more = 0;  // 0 = not a lead byte
  unsigned char low = 0x80, high = 0xBF;
};

Lead lead_of(unsigned char byte) {
  if (byte >= 0xC2 && byte <= 0xDF) return {1};
  if (byte == 0xE0) return {2, 0xA0, 0xBF};
  if (byte == 0xED) return {2, 0x80, 0x9F};
  if (byte >= 0xE1 && byte <= 0xEF) return {2};
  if (byte == 0xF0) return {3, 0x90, 0xBF};
  if (byte == 0xF4) return {3, 0x80, 0x8F};
  if (byte >= 0xF1 && byte <= 0xF3) return {3};
  return {};
}

// The bytes from the first invalid sequence on, or the end.
std::size_t find_invalid(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    if (static_cast<unsigned char>(bytes[at]) < 0x80) {
      ++at;
      continue;
    }
    Utf8Step step = next_code_point(bytes.substr(at));
    if (!step.valid) break;
    at += step.size;
  }
  return at;
}

using CodePoints = std::vector<utf8proc_int32_t>;

CodePoints decompose(std::string_view text) {
  CodePoints points;
  points.reserve(text.size());
  std::array<utf8proc_int32_t, 32> parts;  // the longest canonical decomposition has 4
  while (!text.empty()) {
    Utf8Step step = next_code_point(text);
    text.remove_prefix(step.size);
    int boundary = 0;
    auto count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(step.code_point),
                                         parts.data(), parts.size(), UTF8PROC_DECOMPOSE, &boundary);
    IAGO_CHECK(count >= 0 && count <= static_cast<utf8proc_ssize_t>(parts.size()),
               "a canonical decomposition of at most 32 code points");
    points.insert(points.end(), parts.begin(), parts.begin() + count);
  }
  return points;
}

// The canonical ordering. Done here because utf8proc's own sorts by exchanging neighbours, which is
// quadratic in the length of a run of marks.
void order_marks(CodePoints& points) {
  auto mark_class = [](utf8proc_int32_t point) {
    return utf8proc_get_property(point)->combining_class;
  };
  for (auto begin = points.begin(); begin != points.end();) {
    if (mark_class(*begin) == 0) {
      ++begin;
      continue;
    }
    auto end =
        std::find_if(begin, points.end(), [&](auto point) { return mark_class(point) == 0; });
    std::stable_sort(begin, end, [&](auto a, auto b) { return mark_class(a) < mark_class(b); });
    begin = end;
  }
}

}  // namespace

Utf8Step next_code_point(std::string_view bytes) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  if (byte(0) < 0x80) return {byte(0), 1, true};
  Lead lead = lead_of(byte(0));
  if (lead.more == 0) return {0xFFFD, 1};
  char32_t point = byte(0) & (0x3F >> lead.more);
  auto size = static_cast<std::size_t>(lead.more) + 1;
  for (std::size_t i = 1; i < size; ++i) {
    if (i == bytes.size()) return {.code_point = 0xFFFD, .size = i, .incomplete = true};
    unsigned char low = i == 1 ? lead.low : 0x80, high = i == 1 ? lead.high : 0xBF;
    if (byte(i) < low || byte(i) > high) return {0xFFFD, i};
    point = (point << 6) | (byte(i) & 0x3F);
  }
  return {point, size, true};
}

bool is_valid_utf8(std::string_view bytes) { return find_invalid(bytes) == bytes.size(); }

std::string replace_invalid_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    std::size_t valid = find_invalid(bytes);
    text += bytes.substr(0, valid);
    bytes.remove_prefix(valid);
    if (bytes.empty()) break;
    append_utf8(text, 0xFFFD);
    bytes.remove_prefix(next_code_point(bytes).size);
  }
  return text;
}

void append_utf8(std::string& text, char32_t code_point) {
  auto add = [&](char32_t byte) { text += static_cast<char>(byte); };
  auto more = [&](int shift) { add(0x80 | ((code_point >> shift) & 0x3F)); };
  if (code_point < 0x80) {
    add(code_point);
  } else if (code_point < 0x800) {
    add(0xC0 | (code_point >> 6));
    more(0);
  } else if (code_point < 0x10000) {
    add(0xE0 | (code_point >> 12));
    more(6), more(0);
  } else {
    add(0xF0 | (code_point >> 18));
    more(12), more(6), more(0);
  }
}

std::string to_nfc(std::string_view text) {
  // Below U+0300 (lead bytes below CC) nothing combines and nothing decomposes unless it composes
  // again: most text is done here.
  if (std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0xCC; })) {
    return std::string(text);
  }
  CodePoints points = decompose(text);
  order_marks(points);
  auto count =
      utf8proc_normalize_utf32(points.data(), static_cast<utf8proc_ssize_t>(points.size()),
                               static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE));
  IAGO_CHECK(count >= 0, "composition of valid code points");
  std::string composed;
  composed.reserve(text.size());
  for (utf8proc_ssize_t i = 0; i < count; ++i) {
    append_utf8(composed, static_cast<char32_t>(points[static_cast<std::size_t>(i)]));
  }
  return composed;
}

}  // namespace iago
