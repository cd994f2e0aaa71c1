// Sentences as the phrases expect them. Private to the room.
#pragma once

#include <string>
#include <string_view>

namespace iago {

// Lower case (ASCII), contractions written out, "cannot" as "can not", hyphens as spaces, other
// inner punctuation as " , ", quotation marks gone, single spaces, no closing punctuation.
// Typographic quotes and dashes count as their ASCII forms; all other bytes, invalid ones included,
// stay. Linear.
std::string normalise_sentence(std::string_view sentence);

}  // namespace iago
