// The parser of completions: splits what a subject wrote into hidden reasoning and answer.
//
//   <SCRATCHPAD_REASONING> ... </SCRATCHPAD_REASONING>   any number, <DRAFT_OUTPUT> inside
//   <OUTPUT> ... </OUTPUT>
//
// Subjects forget tags, spell them in their own way, mention them while they reason ("I will write
// <OUTPUT> later"), and their replies end at the stop string </OUTPUT> or at a limit. Each rule for
// such a case has a name, so that its uses can be counted. Linear in the text; never throws on any
// bytes. text/internal/form_tags.h says which spellings count, text/thought.h which marks of a
// thought are known.
//
// A block runs from its opening tag to the next closing tag of its kind; tags between are its text
// (an opening tag right at its head, as after a prefill that the subject repeats, is dropped).
//
// Strict: scratchpads, then one output, nothing but white space around them, in the scratchpads no
// tags but closed drafts, in the output none.
//   "well-formed"          every tag is closed
//   "ended-at-output"      </OUTPUT> alone is missing and the model ended its turn: it is a usual
//                          stop string
//   "other-case"           the same with letters of the tags in the other case: nothing has to be
//                          guessed to read it
// Lenient, by the first that applies:
//   "unopened-scratchpad"  text up to the first </SCRATCHPAD_REASONING>, never opened, is reasoning
//   "unclosed-scratchpad"  ends where the last <OUTPUT> at the start of a line stands, or else the
//                          last <OUTPUT>
//   "unopened-output"      text that </OUTPUT> ends, behind the block before it
//   "untagged-output"      no output tag: what stands behind the last closed scratchpad or draft
//   "unclosed-output"      runs to the end; the model was cut off
//   "lacks-slash"          a second opening tag stands where the closing one is meant
//   "repeated-output"      the last output that is closed and not empty counts
//   "no-scratchpad"        one was expected; the output stands alone
//   "thought-apart"        a thought between marks of the model's family, in front of the tags or
//                          at the head of the output
//   "tag-spelling"         tags that are spelled otherwise than in another case
//   "markdown"             emphasis, fences or rules around tags or around the whole
//   "mentioned-tags"       tags in a block, or closing tags outside, read as text
//   "text-around"          text outside the blocks, or drafts there, dropped
// Untagged: "no-tags", whether or not tags were asked for: all of it is output, whatever it says,
// but for a thought between marks.
// A tag of which a sentence only speaks is text (text/internal/form_tags.h).
// Invalid: "empty", "no-output", "empty-output", "unclosed-thought", and "contradicting-tags",
// where tags close before they open or a scratchpad stands in the midst of the output. The
// reasoning is given all the same. A scratchpad that is open at the end is no output: nobody can
// tell where the answer begins. Nothing that says nothing is an output (text/visible.h). A
// scratchpad at either end of the output is taken out of it.
#pragma once

#include <string>
#include <string_view>

#include "record/outcome.h"

namespace iago {

// What is known of a completion besides its text.
struct ExpectedForm {
  bool scratchpad = true;  // the prompt asks for one
  bool ended = true;  // the model ended its turn or met a stop string; false: cut off at a limit
};

struct ParsedCompletion {
  Form form = Form::invalid;
  std::string scratchpad;  // several blocks are joined by a blank line; trimmed; draft included
  std::string thought;     // what stood between marks of the model's family; trimmed
  std::string draft;       // the last <DRAFT_OUTPUT>, trimmed; empty if there is none
  std::string output;      // trimmed; empty exactly when invalid; a part of the text
  std::string rule;        // from the list above
};

// `text` is the whole of the assistant's turn, the prefill included. A scratchpad that was not
// expected is parsed all the same.
ParsedCompletion parse_completion(std::string_view text, ExpectedForm expected);

}  // namespace iago
