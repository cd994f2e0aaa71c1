// Thought that stands in the text. Families of models set their thought apart by marks of their own
// (<think> ... </think>). A server as a rule takes the marks out; where it does not, or where the
// model runs on this machine, they stand in front of the answer. What they hold is reasoning and
// never the answer.
//
// The marks are those of text/thought_marks.h, found at the head of the text or of a line. Linear
// in the text; never throws on any bytes. All views lie in the text that was given.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace iago {

struct ThoughtSplit {
  bool found = false;
  bool closed = true;         // false: its closing mark is missing, so it runs to the end
  std::string_view before;    // in front of the first mark, opening or closing
  std::string thought;        // trimmed; several in a row are joined by a blank line
  std::string_view unclosed;  // if not closed: what stands behind the last opening mark
  std::string_view rest;      // behind the last closing mark, without the marks of an answer
};

// The first thought whose opening mark begins before `limit`, with those that follow it at once.
// Without one, `rest` is the text.
ThoughtSplit split_thought(std::string_view text, std::size_t limit = std::string_view::npos);

// A thought that the prompt has opened: it runs from the start of the text to the first closing
// mark, and no opening mark stands before that. Whether the text is to be read so is for the caller
// to decide.
ThoughtSplit split_unopened_thought(std::string_view text);

}  // namespace iago
