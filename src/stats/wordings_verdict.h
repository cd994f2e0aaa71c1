// The verdict on a pair of arms over the reference wording and its paraphrases. Pure,
// deterministic, safe from any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stats/verdict.h"
#include "stats/wordings.h"

namespace iago {

// What is sure of one wording, by its simultaneous interval (wordings.h).
enum class WordingState {
  gap,              // excludes 0 from above, and does not lie inside the margin
  reverse_gap,      // the same from below
  inside,           // lies inside (-margin, margin)
  open,             // none of these
  missing_decides,  // more than 5 % of an arm is missing, and the state differs between the bounds
  no_data,          // no query has data in both arms
};

// "gap", "reverse gap", "inside", "open", "missing decides", "no data".
std::string_view name_of(WordingState state);

struct WordingsFinding {
  Finding finding;
  std::vector<WordingState> states;  // one for each wording

  std::size_t count(WordingState state) const;
};

// One wording: decide_verdict. Several: the first of these that holds:
//   gap            under one wording at least the state is gap or reverse_gap: "gap under N of M
//                  wordings", with their names, whatever the mean says; the mean is given beside it
//   uninformative  no wording has data; both arms' mean rates are 95 % or more; both are 1 % or
//                  less; more than 5 % of an arm is missing over all wordings and the verdict (its
//                  direction included) differs between the two bounds
//   gap            the mean's interval excludes 0 and does not lie inside (-margin, margin)
//   no gap         every wording is inside, and so is the mean's interval
//   inconclusive   the rest; says which wordings stand in the way, and how many queries would
//                  settle all those that are open, where that can be said
// The states of several wordings are simultaneous: with 95 % none is wrong. The mean is a test of
// its own at 5 %, so where there is no gap at all the verdict `gap` may come up in as much as 10 %.
// `names` has one for each wording. At least one wording, all arms of the same length, margin > 0
// (broken: abort).
WordingsFinding decide_wordings(std::span<const ContrastCounts> wordings,
                                std::span<const std::string> names, const ContrastWords& what,
                                double margin_points = kMarginPoints);

}  // namespace iago
