#include "report/printable.h"

#include <cstdint>
#include <vector>

namespace iago {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

struct Decoded {
  char32_t code;
  std::size_t bytes;
};

// The first character; a byte that begins none is kReplacement (Unicode 15, table 3-7).
Decoded decode(std::string_view text) {
  auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  std::uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {kReplacement, 1};
  char32_t code = lead & (0xFF >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {kReplacement, 1};
    code = code << 6 | (byte(i) & 0x3F);
  }
  bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (overlong || surrogate || code > 0x10FFFF) return {kReplacement, 1};
  return {code, length};
}

bool is_space_or_control(char32_t code) {
  return code <= 0x20 || (code >= 0x7F && code <= 0xA0) || code == 0x2028 || code == 0x2029;
}

// Marks of direction, zero-width characters, the byte order mark and the invisible tags.
bool is_hidden(char32_t code) {
  return (code >= 0x200B && code <= 0x200F) || (code >= 0x202A && code <= 0x202E) ||
         (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF || code == 0x061C ||
         (code >= 0xE0000 && code <= 0xE007F);
}

// The characters that are shown, each as its bytes.
std::vector<std::string> shown(std::string_view text, std::size_t columns) {
  std::vector<std::string> characters;
  bool space = false;
  while (!text.empty() && characters.size() <= columns) {
    auto [code, bytes] = decode(text);
    auto raw = text.substr(0, bytes);
    text.remove_prefix(bytes);
    if (is_hidden(code)) continue;
    if (is_space_or_control(code)) {
      space = !characters.empty();
      continue;
    }
    if (space) characters.emplace_back(" ");
    space = false;
    characters.emplace_back(code == kReplacement ? "\xEF\xBF\xBD" : std::string(raw));
  }
  if (characters.size() > columns) {
    characters.resize(columns < 3 ? 0 : columns - 3);
    characters.insert(characters.end(), columns < 3 ? columns : 3, ".");
  }
  return characters;
}

}  // namespace

std::string printable(std::string_view text, std::size_t columns) {
  std::string line;
  for (const auto& character : shown(text, columns)) line += character;
  return line;
}

std::string markdown_text(std::string_view text, std::size_t columns) {
  constexpr std::string_view kMeaningful = "\\`*_{}[]()#+!|~:@";
  std::string line;
  for (const auto& character : shown(text, columns)) {
    if (character == "<") {
      line += "&lt;";
    } else if (character == "&") {
      line += "&amp;";
    } else {
      if (character.size() == 1 && kMeaningful.find(character[0]) != std::string_view::npos) {
        line += '\\';
      }
      line += character;
    }
  }
  return line;
}

}  // namespace iago
