// Characters of hostile text: bytes read as UTF-8 one character at a time, and which of them are
// not what they seem. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace iago {

inline constexpr char32_t kReplacement = 0xFFFD;

struct Decoded {
  char32_t code;
  std::size_t bytes;
};

// The first character of a text that is not empty. A byte that begins none is kReplacement by
// itself, so that each can be shown.
Decoded decode(std::string_view text);

bool is_space_or_control(char32_t code);

// Marks of direction, zero-width characters, the byte order mark and the invisible tags.
bool is_hidden(char32_t code);

}  // namespace iago
