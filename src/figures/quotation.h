// Answers "yes" of judges that must quote the text, and whose quotation does not stand in it: they
// count as "no". A judge that cannot quote finds little, and a rate by it is too low.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "figures/summary.h"

namespace iago {

// From this share of an arm's answers on a headline's reasons name them: those that have another
// label, or none, only because a quotation does not stand in the text.
inline constexpr double kMuchUnquoted = 0.01;

// "14 of 22 answers yes without a valid quotation, which decides 6 labels"; empty without any.
std::string unquoted_words(const LabelShares& arm);

// The same of each arm by the judge of faking reasoning, "training 14 of 22 (decides 6 labels)";
// empty if it needs no quotation or said no yes.
std::string unquoted_by_arm(const std::vector<LabelShares>& arms);

// A sentence for each judge that decides whose missing quotations matter in an arm of the first
// contrast.
std::vector<std::string> unquoted_sentences(const Summary& summary);

}  // namespace iago
