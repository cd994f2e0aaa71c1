// The marks by which families of models set their thought apart in the text, and those that some of
// them put around the answer behind it. One table; what a mark means where it stands is for the
// readers to say: text/thought.h reads a completion, and room chat a reply on its way in.
//
// Marks match letters of either case. A mark that is the tag of an element, such as <think>, may
// have attributes. The brackets of all marks may be escaped, as HTML, JSON and Markdown do: some
// gateways and interfaces hand text on so. Pure functions; none throws on any bytes.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace iago {

enum class ThoughtEnd {
  optional,  // a thought without its closing mark takes all that follows
  if_whole,  // so in a text that was cut; in a whole one it is no thought
  needed,    // without a closing mark there is no thought
};

struct ThoughtMark {
  std::string_view open;
  std::array<std::string_view, 2> close;  // either closes it; the second may be empty
  ThoughtEnd end = ThoughtEnd::optional;
  bool is_words = false;  // plain words of the language: they count at the head of a text alone
  // An element of other uses, too: it counts where its tag or its summary speaks of thought, and
  // its closing mark alone says nothing.
  bool needs_title = false;
};

struct AnswerMark {
  std::string_view open, close;  // `close` may be empty
  bool needs_thought = true;     // it counts behind a thought alone
};

// How gpt-oss begins each message, in front of the mark of its channel.
inline constexpr std::string_view kMessageStart = "<|start|>assistant";
// How it ends one; the answer's end too, where a server stops there.
inline constexpr std::string_view kMessageEnd = "<|end|>";

std::span<const ThoughtMark> thought_marks();
std::span<const AnswerMark> answer_marks();

struct FoundMark {
  std::size_t at = std::string_view::npos;  // npos: there is none
  std::size_t size = 0;                     // bytes, as the text spells the mark
};

// How many bytes at the head of `text` are `mark`; 0 if it does not begin with it. The word
// "analysis" matches in small letters alone, since many answers begin with it in a capital.
std::size_t mark_size(std::string_view text, std::string_view mark);
// The same of a thought's opening mark, with its title where that is needed.
std::size_t opening_size(std::string_view text, const ThoughtMark& mark);
// Whether more text may make a mark of all of `text`, which is not one yet.
bool may_become_mark(std::string_view text, std::string_view mark);

// The first mark at or behind `from`. An empty mark is nowhere.
FoundMark find_mark(std::string_view text, std::string_view mark, std::size_t from = 0);
// The first closing mark of the row at or behind `from`, read no further than to it.
FoundMark find_closing_mark(std::string_view text, const ThoughtMark& mark, std::size_t from = 0);
// The first mark that closes a thought of any row whose opening mark is missing, as where the
// prompt holds it. Of two closing marks it is the first, which no other use has.
FoundMark find_unopened_close(std::string_view text);

// The row whose opening mark `text` begins with, or null.
const ThoughtMark* thought_mark_at(std::string_view text);
const AnswerMark* answer_mark_at(std::string_view text, bool behind_thought);

// `body` without the mark that closes the answer and without white space around it; as it is where
// it does not end with one.
std::string_view without_answer_end(std::string_view body, std::string_view close);

// The first thing in the text that may set a thought apart: a mark of a row, opening or closing, or
// a tag whose name sounds like thought, such as <ponder>. As the text spells it; empty if there is
// none. The tags of a scratchpad that was asked for do not count, nor do plain words.
std::string_view find_sign_of_thought(std::string_view text);

}  // namespace iago
