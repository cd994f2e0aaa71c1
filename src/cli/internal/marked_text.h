// Prompts on a terminal: whole, with their lines, and with what one has and another has not marked.
#pragma once

#include <string>
#include <string_view>

#include "figures/text_table.h"

namespace iago {

// Lines and spaces as they are, all else as `printable` has it, so that no text moves the cursor.
std::string printable_lines(std::string_view text);

// The same, the words that `other` does not have between [[ and ]] (in colour: bold).
std::string marked_text(std::string_view text, std::string_view other, const Painter& paint);

}  // namespace iago
