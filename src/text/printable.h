// Text of subjects and study files made harmless for a terminal and for Markdown, and numbers made
// readable. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace iago {

// The text on one line: white space and control characters become single spaces (so no escape
// sequence survives), invisible marks that turn or hide text are dropped, invalid UTF-8 becomes
// U+FFFD. At most `columns` characters; what is longer ends in "...".
std::string printable(std::string_view text, std::size_t columns = 200);

// The same with every character that Markdown or HTML gives a meaning escaped.
std::string markdown_text(std::string_view text, std::size_t columns = 200);

// "12345" as "12,345". Digits alone.
std::string grouped(std::string digits);
inline std::string grouped(std::uint64_t number) { return grouped(std::to_string(number)); }

}  // namespace iago
