// Text of models for programs that read only text.
#pragma once

#include <string>
#include <string_view>

namespace iago {

// The text with U+FFFD in place of NUL (which ends a text in R and in C) and of what is not UTF-8.
// Equal to `text` where nothing of the kind is in it.
std::string readable_text(std::string_view text);

}  // namespace iago
