// The alphabet in which byte-level vocabularies are written down (Radford et al., 2019): each byte
// as one printable character. Printable ASCII and Latin-1 stand for themselves, the others for
// U+0100 and up, so that a space reads "Ġ". Private to the room.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace iago {

// The bytes in the alphabet.
std::string to_byte_alphabet(std::string_view bytes);

// The bytes that a text in the alphabet stands for; nothing if it has a character outside it.
std::optional<std::string> from_byte_alphabet(std::string_view text);

}  // namespace iago
