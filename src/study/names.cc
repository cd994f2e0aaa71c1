#include "study/names.h"

#include <algorithm>

namespace iago {

bool is_name(std::string_view text) {
  auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return !text.empty() && text.size() <= kMaxNameBytes && text.front() != '.' &&
         text.front() != '-' && std::ranges::all_of(text, fits);
}

std::string required_name(TomlReader& table, const std::string& key) {
  std::string name = table.required_text(key);
  if (!is_name(name)) {
    throw table.error(key, "expected a name, found \"" + name.substr(0, 100) + "\"",
                      "Letters, digits, '.', '_' and '-', at most 80, beginning with a letter, a "
                      "digit or '_'.");
  }
  return name;
}

}  // namespace iago
