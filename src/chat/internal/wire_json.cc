#include "chat/internal/wire_json.h"

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "text/utf8.h"

namespace iago {
namespace {

constexpr std::size_t kMaxReplyBytes = std::size_t{64} << 20;
// The end of the last private plane: U+10FF00 + byte stands for a byte that is not UTF-8. (The last
// two code points, U+10FFFE and U+10FFFF, are the bytes 0xFE and 0xFF.)
constexpr char32_t kCarriedBytes = 0x10ff00;

std::string carry_invalid_bytes(std::string_view text) {
  std::string carried;
  carried.reserve(text.size() + text.size() / 8);
  while (!text.empty()) {
    Utf8Step step = next_code_point(text);
    if (step.valid) {
      carried += text.substr(0, step.size);
    } else {
      for (unsigned char byte : text.substr(0, step.size)) {
        append_utf8(carried, kCarriedBytes + byte);
      }
    }
    text.remove_prefix(step.size);
  }
  return carried;
}

std::string restore_bytes(std::string_view text) {
  std::string restored;
  restored.reserve(text.size());
  while (!text.empty()) {
    Utf8Step step = next_code_point(text);
    if (step.valid && step.code_point >= kCarriedBytes + 0x80) {
      restored += static_cast<char>(step.code_point - kCarriedBytes);
    } else {
      restored += text.substr(0, step.size);
    }
    text.remove_prefix(step.size);
  }
  return restored;
}

// The code unit of the escape \uXXXX at `at`, or -1.
int code_unit_at(std::string_view text, std::size_t at) {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return -1;
  int value = 0;
  for (char c : text.substr(at + 2, 4)) {
    int digit = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

// Halves of surrogate pairs that stand alone, written as escapes, become U+FFFD.
std::string mend_surrogates(std::string_view text) {
  std::string mended(text);
  for (std::size_t at = mended.find('\\'); at != std::string::npos && at + 1 < mended.size();
       at = mended.find('\\', at)) {
    int unit = code_unit_at(mended, at);
    if (unit < 0xd800 || unit > 0xdfff) {
      at += 2;
      continue;
    }
    int next = code_unit_at(mended, at + 6);
    if (unit < 0xdc00 && next >= 0xdc00 && next <= 0xdfff) {
      at += 12;
      continue;
    }
    mended.replace(at, 6, "\\ufffd");
    at += 6;
  }
  return mended;
}

bool has_surrogate_escape(std::string_view text) {
  return text.find("\\ud") != std::string_view::npos || text.find("\\uD") != std::string_view::npos;
}

}  // namespace

ReplyJson::ReplyJson(std::string_view text, std::string_view where) {
  std::string changed;
  if (!is_valid_utf8(text)) {
    changed = carry_invalid_bytes(text);
    text = changed;
    carried_ = true;
  }
  std::string mended;
  if (has_surrogate_escape(text)) {
    mended = mend_surrogates(text);
    text = mended;
  }
  // Carried bytes take four times their size.
  root_ = std::make_unique<nlohmann::json>(
      parse_sorted_json(text, where, {.bytes = 4 * kMaxReplyBytes, .depth = 64}));
}

ReplyJson::~ReplyJson() = default;

std::string ReplyJson::bytes_of(const nlohmann::json& string) const {
  if (!string.is_string()) return {};
  const auto& text = string.get_ref<const std::string&>();
  return carried_ ? restore_bytes(text) : text;
}

const nlohmann::json& member(const nlohmann::json& value, std::string_view key) {
  static const nlohmann::json kNull;
  if (!value.is_object()) return kNull;
  auto found = value.find(key);
  return found == value.end() ? kNull : *found;
}

std::uint64_t count_of(const nlohmann::json& value) {
  constexpr double kMost = 9007199254740992.0;
  if (!value.is_number()) return 0;
  double count = value.get<double>();
  return count >= 0 && count <= kMost ? static_cast<std::uint64_t>(count) : 0;
}

std::string excerpt_of(std::string_view body) {
  constexpr std::size_t kShown = 200;
  std::string shown = replace_invalid_utf8(body.substr(0, kShown));
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return body.size() > kShown ? shown + "..." : shown;
}

}  // namespace iago
