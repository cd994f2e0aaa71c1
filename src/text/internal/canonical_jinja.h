// The text of a Jinja program without the white space that reaches no output, so that programs that
// differ in nothing else are equal. Private to the room.
#pragma once

#include <string>
#include <string_view>

namespace iago {

// As Hugging Face transformers sets Jinja up (trim_blocks, lstrip_blocks, one line break at the end
// dropped): text between tags as it is printed, comments left out, each tag without its signs for
// trimming and with one space only between two words. A line break within a string is written \n.
// White space that is printed or stands in a string is kept. Linear in the text; any bytes.
//
// What cannot be a program comes out as some text; it equals no program's.
std::string canonical_jinja(std::string_view source);

}  // namespace iago
