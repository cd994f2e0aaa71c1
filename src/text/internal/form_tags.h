// The tags of a completion, found in whatever spelling: in either case (<Output>), with white space
// or attributes (< OUTPUT >), with another mark or none between the words (<SCRATCHPAD-REASONING>),
// shortened (<scratchpad>), escaped (&lt;OUTPUT&gt;, \<OUTPUT\>), or in Markdown (**<OUTPUT>**).
// Private to the room.
//
// A spelling of its own counts only where the subject does not use the one that was asked for:
// <output> inside <OUTPUT> ... </OUTPUT> is text, as an element of HTML would be. Linear: what is
// looked at around a place is bounded.
//
// A subject that writes "I will not fill in <OUTPUT>" speaks of the tag. An opening tag is such a
// mention where text stands in front of it on its line, or backticks around it with text behind,
// and nothing closes it (or, for a scratchpad, no output ends it). So is a pair with no more than
// "and" between in a sentence, and a closing tag with no opening one in the midst of a sentence.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace iago {

enum class TagKind { scratchpad, draft, output };

enum class TagSpelling {
  exact,
  other_case,  // the same letters
  other,
};

// A tag in the text: the bytes [begin, end), the Markdown around it included.
struct FormTag {
  TagKind kind;
  bool opens;
  std::size_t begin, end;
  TagSpelling spelling = TagSpelling::exact;
  bool in_markdown = false;
  bool lacks_slash = false;  // an opening tag by its spelling that was written for a closing one
  bool in_sentence = false;  // text stands in front of it on its line
  bool is_mention = false;   // the text speaks of it: it opens and closes nothing
};

// In the order of the text; no two overlap.
std::vector<FormTag> find_form_tags(std::string_view text);

// Nothing but white space and Markdown's own marks: emphasis, rules, fences.
bool is_decoration(std::string_view text);

// A line that opens or closes a code fence.
bool is_fence(std::string_view line);

}  // namespace iago
