// The marks by which families of models set their thought apart in the text, and those that some of
// them put around the answer behind it. One table; what a mark means where it stands is for the
// readers to say: text/thought.h reads a completion, and room chat a reply on its way in.
//
// Marks match letters of either case. Pure functions; none throws on any bytes.
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
  bool is_unopened = false;  // templates put `open` into the prompt: `close` alone counts
  bool is_words = false;     // plain words of the language: they count at the head of a text alone
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

// Whether `text` begins with `mark`. The word "analysis" matches in small letters alone, since many
// answers begin with it in a capital.
bool begins_with_mark(std::string_view text, std::string_view mark);

// The first place of `mark` at or behind `from`, or npos. An empty mark is nowhere.
std::size_t find_mark(std::string_view text, std::string_view mark, std::size_t from = 0);

struct ThoughtClose {
  std::size_t at = std::string_view::npos;  // npos: there is none
  std::size_t size = 0;
};

// The first closing mark at or behind `from`. Reads no further than to it.
ThoughtClose find_close(const ThoughtMark& mark, std::string_view text, std::size_t from);

// The row whose opening mark `text` begins with, or null.
const ThoughtMark* thought_mark_at(std::string_view text);
const AnswerMark* answer_mark_at(std::string_view text, bool behind_thought);

// `body` without the mark that closes the answer and without white space around it; as it is where
// it does not end with one.
std::string_view without_answer_end(std::string_view body, std::string_view close);

}  // namespace iago
