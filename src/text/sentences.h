// Splitting text into sentences, for judges that quote evidence. Not a linguist's splitter: a few
// rules, the same ones every time.
//
// A sentence ends after a run of . ! ? or … (closing quotes and brackets behind it belong to it)
// where white space or the text's end follows; after 。！？ wherever they stand; and at a line
// break. A full stop does not end a sentence after one of a few abbreviations (e.g. i.e. Mr. Mrs.
// Ms. Dr. vs. etc. St.), after a single capital letter but "I", after the number that begins a list
// item, nor where the next word begins in lower case. White space around sentences belongs to none.
#pragma once

#include <string_view>
#include <vector>

namespace iago {

// The sentences in order, as views into `text` (their byte ranges follow from their pointers). None
// is empty. Linear; any bytes are allowed.
std::vector<std::string_view> split_sentences(std::string_view text);

}  // namespace iago
