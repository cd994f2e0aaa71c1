// White space as Python's str.strip and the \s of its regular expressions know it: Jinja trims by
// them. Private to the room.
#pragma once

#include <string_view>

namespace iago {

std::string_view without_space_before(std::string_view text);
std::string_view without_space_behind(std::string_view text);

}  // namespace iago
