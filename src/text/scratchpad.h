// The parser of completions: splits what a subject wrote into hidden reasoning and answer.
//
//   <SCRATCHPAD_REASONING> ... </SCRATCHPAD_REASONING>   any number, <DRAFT_OUTPUT> inside
//   <OUTPUT> ... </OUTPUT>
//
// Subjects forget tags, mention them while they reason ("I will write <OUTPUT> later"), and their
// replies end at the stop string </OUTPUT> or at a limit. Each rule for such a case has a name, the
// reason, so that its uses can be counted. Linear in the text; never throws on any bytes;
// tags are matched exactly, case included.
//
// A block runs from its opening tag to the next closing tag of its kind; tags between are its text
// (an opening tag right at its head, as after a prefill that the subject repeats, is dropped).
//
// Strict: scratchpads, then one output, nothing but white space around them, in the scratchpads no
// tags but closed drafts, in the output none.
//   "well-formed"          every tag is closed
//   "ended-at-output"      </OUTPUT> alone is missing and the model ended its turn: it is a usual
//                          stop string
// Fallback, by the first that applies:
//   "unopened-scratchpad"  text up to the first </SCRATCHPAD_REASONING>, never opened, is reasoning
//   "unclosed-scratchpad"  ends where the last <OUTPUT> at the start of a line stands, or else the
//                          last <OUTPUT>
//   "unclosed-output"      runs to the end; the model was cut off
//   "repeated-output"      the last output that is closed and not empty counts
//   "no-scratchpad"        one was expected; the output stands alone
//   "no-tags"              none was expected and there is not one tag: all is output
//   "mentioned-tags"       tags in a block, or closing tags outside, read as text
//   "text-around"          text outside the blocks, or drafts there, dropped
// Invalid: "empty", "no-output", "empty-output". The scratchpad is given all the same.
#pragma once

#include <string>
#include <string_view>

#include "record/outcome.h"

namespace iago {

struct CompletionForm {
  bool expects_scratchpad = true;
  bool ended = true;  // the model ended its turn or met a stop string; false: cut off at a limit
};

struct ParsedCompletion {
  Parse how = Parse::invalid;
  std::string scratchpad;  // several blocks are joined by a blank line; trimmed; draft included
  std::string draft;       // the last <DRAFT_OUTPUT>, trimmed; empty if there is none
  std::string output;      // trimmed; empty exactly when invalid
  std::string reason;      // from the list above
};

// `text` is the whole of the assistant's turn, the prefill included. A scratchpad that was not
// expected is parsed all the same.
ParsedCompletion parse_completion(std::string_view text, CompletionForm form);

}  // namespace iago
