// Prompt texts with {{name}} placeholders. Nothing else is special: no conditions, no loops, no
// escapes; a text that needs "{{" itself gets it as a value.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace iago {

// The text with each {{name}} (white space within the braces is allowed) replaced by its value.
// Values are inserted as they are and never read as templates. Names are ASCII letters, digits,
// '_' and '-'. Values that no placeholder names are allowed: blocks share one set.
// Error invalid with `where` and the line: an unknown name (the nearest and all known ones in the
// hint), one that is not a name, a "{{" that no "}}" closes on its line; or a result beyond 64 MiB.
std::string render(std::string_view text, const std::map<std::string, std::string>& values,
                   std::string_view where);

// The names in the text, in order of first appearance. Errors as above, but for unknown names.
std::vector<std::string> placeholders(std::string_view text, std::string_view where);

}  // namespace iago
