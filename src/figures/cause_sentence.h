// The sentences of a verdict's causes (stats/causes.h), one for each, in plain English. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "figures/summary.h"

namespace iago {

// A cause of the decision on one contrast as a sentence that begins in lower case and has no full
// stop: "the gap (+10.8 points, 95 % interval over queries like these +8.9 to +12.8) excludes 0".
// `contrast` is its place.
std::string cause_sentence(const Cause& cause, const Summary& summary, std::size_t contrast = 0);

// Of the reference: "comply", or "are called \"aligned\"" where the judge looks for that.
std::string behaviour_of(const Summary& summary);

// "+10.8 points, 95 % interval over queries like these +8.9 to +12.8"
std::string gap_text(const ShownGap& gap, double margin = 0);

}  // namespace iago
