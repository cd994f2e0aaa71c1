// PlainView: a text as one reads it who looks for a secret in it: letters and digits only, in lower
// case, escapes resolved. A key that is split by white space, quotes or punctuation, or written
// with escapes, reads as the key. Private to the room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace iago {

struct PlainView {
  std::string letters;
  // Where in the text each of them begins and ends.
  std::vector<std::uint32_t> begins, ends;
  // Places in `letters` at which the text was cut off: before "...", and its end.
  std::vector<std::uint32_t> cuts;
};

// Resolved: %XX; \uXXXX, \u{X} and \xXX; &#D; and &#xX;, in up to three layers, such as %5Cu0073 or
// %2573; 0x before digits is left out. The text has less than 4 GiB.
PlainView plain_view(std::string_view text);

// Where in the text an escape begins that may be complete only with what comes next; its size if
// there is none.
std::size_t unfinished_escape(std::string_view text);

}  // namespace iago
