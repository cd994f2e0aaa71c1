// Bytes of text by their class in ASCII, whatever the locale. Bytes beyond ASCII are in no class
// and stay as they are.
#pragma once

#include <string>
#include <string_view>

namespace iago {

inline bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

inline char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline std::string lowered(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = lower(c);
  return result;
}

// Without white space at either end.
inline std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace iago
