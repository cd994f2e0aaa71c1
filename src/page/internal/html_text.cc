#include "page/internal/html_text.h"

#include <fmt/format.h>

#include <cstdint>

#include "figures/figure_text.h"
#include "text/characters.h"

namespace iago {
namespace {

std::string utf8_of_picture(char32_t control) {
  char32_t code = control == 0x7F ? 0x2421 : 0x2400 + control;
  return {static_cast<char>(0xE2), static_cast<char>(0x80 | ((code >> 6) & 0x3F)),
          static_cast<char>(0x80 | (code & 0x3F))};
}

std::string_view entity_of(char32_t code) {
  switch (code) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return {};
  }
}

bool is_noncharacter(char32_t code) {
  return (code & 0xFFFE) == 0xFFFE || (code >= 0xFDD0 && code <= 0xFDEF);
}

void append_escaped(char32_t code, std::string_view bytes, std::string& out) {
  constexpr std::string_view kReplacementBytes = "\xEF\xBF\xBD";
  auto entity = entity_of(code);
  if (!entity.empty()) {
    out += entity;
  } else if ((code < 0x20 && code != '\n' && code != '\t') || code == 0x7F) {
    out += utf8_of_picture(code);
  } else if (code == kReplacement || is_noncharacter(code) || (code >= 0x80 && code < 0xA0)) {
    out += kReplacementBytes;
  } else if (is_hidden(code) || code == 0x2028 || code == 0x2029) {
    out += fmt::format("[U+{:04X}]", static_cast<std::uint32_t>(code));
  } else {
    out += bytes;
  }
}

}  // namespace

std::string html_escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 16);
  while (!text.empty()) {
    auto [code, bytes] = decode(text);
    append_escaped(code, text.substr(0, bytes), out);
    text.remove_prefix(bytes);
  }
  return out;
}

CutText cut_text(std::string_view text, std::size_t limit_bytes) {
  if (text.size() <= limit_bytes) return {text, 0};
  std::size_t end = limit_bytes;
  // At most three bytes back to the beginning of the character that stands across the limit.
  for (int i = 0; i < 3 && end > 0 && (static_cast<std::uint8_t>(text[end]) & 0xC0) == 0x80; ++i) {
    --end;
  }
  return {text.substr(0, end), text.size() - end};
}

std::string cut_note(const CutText& cut) {
  if (cut.cut_bytes == 0) return {};
  return fmt::format("{} of {} bytes are not shown", count(cut.cut_bytes),
                     count(cut.cut_bytes + cut.shown.size()));
}

}  // namespace iago
