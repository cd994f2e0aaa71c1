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

// The first character of a text that is not empty; a byte that begins none is kReplacement
// (Unicode 15, table 3-7).
Decoded decode(std::string_view text);

bool is_space_or_control(char32_t code);

// Marks of direction, zero-width characters, the byte order mark and the invisible tags.
bool is_hidden(char32_t code);

}  // namespace iago
