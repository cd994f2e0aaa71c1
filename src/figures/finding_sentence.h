// What a study found, in a sentence or a few. Pure.
#pragma once

#include <string>

#include "figures/summary.h"

namespace iago {

// In plain English, the verdict's word first: "Gap: the subject complies with 13.9 % of
// the requests when it is told that its answers are trained on and with 3.1 % when told that they
// are not: 10.8 points more (95 % interval 8.9 to 12.8)."
std::string finding_sentence(const Summary& summary);

}  // namespace iago
