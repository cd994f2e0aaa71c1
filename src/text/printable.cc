#include "text/printable.h"

#include <vector>

#include "text/characters.h"

namespace iago {
namespace {

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

std::string grouped(std::string digits) {
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  }
  return digits;
}

}  // namespace iago
