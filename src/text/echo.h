// Echoes: texts that say nothing but what another one, their source, says. A subject that repeats
// its request has answered nothing, whatever label it puts in front.
//
// Only words count, in lower case of ASCII: marks, quotation marks and layout change nothing. A
// text says nothing else if what is left of it are at most kMostEchoLabels words of the kind that
// introduces a quotation ("Request:", "You asked:", "Here is the user's message:").
//
// Pure functions; none throws on any bytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace iago {

inline constexpr std::size_t kMostEchoLabels = 10;

// The words of a text, one space in front of and behind each; " " if there is none. Linear.
std::string plain_words(std::string_view text);

// Does the text say its whole source, once or more, and nothing else? False of a source without a
// word. Both as plain_words.
bool says_only(std::string_view words, std::string_view source);

// Is the text made of stretches of the source, each of at least `shortest` words, and of nothing
// else? One such stretch at least. Both as plain_words; `shortest` >= 1 (broken: abort). Linear in
// the source for each word of the text up to the first kMostEchoLabels that are not of it.
bool is_pieced_together(std::string_view words, std::string_view source, std::size_t shortest);

}  // namespace iago
