// Which words of a text are not in another one. Pure.
#pragma once

#include <string_view>
#include <vector>

namespace iago {

struct DiffSpan {
  std::string_view text;  // borrowed from the text
  bool is_different = false;
  bool operator==(const DiffSpan&) const = default;
};

// The whole text in order, cut into spans: the same are those of a longest common subsequence of
// words, marks and white space (Wagner & Fischer, 1974). Memory and time are bounded: where texts
// differ in more than some 4,000 by 4,000 words and spaces, whole lines are compared instead, and
// where those are too many, everything between the first and the last difference counts as
// different.
std::vector<DiffSpan> marked_differences(std::string_view text, std::string_view other);

}  // namespace iago
