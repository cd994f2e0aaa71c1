// Slots of the grammar's templates: {verb}, {thing}, {lab}. Private to the room.
#pragma once

#include <cctype>
#include <string>
#include <string_view>

namespace iago {

// The text with every occurrence of `slot` replaced by `value`, which is not read again.
inline std::string fill(std::string_view text, std::string_view slot, std::string_view value) {
  std::string filled(text);
  for (std::size_t at = filled.find(slot); at != std::string::npos;
       at = filled.find(slot, at + value.size())) {
    filled.replace(at, slot.size(), value);
  }
  return filled;
}

// The text, which has a first letter, with that one as a capital.
inline std::string capitalised(std::string text) {
  text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

}  // namespace iago
