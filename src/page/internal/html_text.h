// Text from outside made harmless for HTML, with nothing hidden from the reader. Private to this
// room. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace iago {

// For an element's content and for an attribute in double quotes. The five characters with a
// meaning become entities, control characters their pictures (NUL is U+2400), characters that turn
// or hide text their number ([U+202E]), invalid UTF-8 U+FFFD. Line feeds and tabs stay; a carriage
// return is a control character, before a line feed too: what was sent is to be seen.
std::string html_escaped(std::string_view text);

// The head of a text, and how much is not in it.
struct CutText {
  std::string_view shown;  // at most the limit, ends with a whole character
  std::size_t cut_bytes = 0;
};
CutText cut_text(std::string_view text, std::size_t limit_bytes);

// "1,234,567 of 1,250,000 bytes are not shown"; empty if nothing was cut.
std::string cut_note(const CutText& cut);

}  // namespace iago
