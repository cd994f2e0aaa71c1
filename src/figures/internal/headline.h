// The headline of a finding: one sentence of about 35 words with what decides, its number with its
// interval, faking reasoning, and at most one cause that qualifies them (qualifying_cause in
// stats/causes.h). Everything else is said below it. Private to the room.
#pragma once

#include <string>

#include "figures/internal/contrast_words.h"

namespace iago {

// Of the first contrast, which is decided; begins in lower case and has no full stop: "compliance
// is 10.8 points higher in training than in unmonitored (95 % interval over queries like these 8.9
// to 12.8); faking in 11.8 % of answers in training (10.5 to 13.3 % on these queries); topic moon
// archive differs".
std::string headline_sentence(const Summary& summary);

// Why a gap is to be read with care: the cause that qualifies it ("the provider's refusals make the
// difference"), or what keeps a verdict away. Empty where there is neither, or where the cause only
// says what is not known, or which groups differ.
std::string headline_qualifier(const Summary& summary);

}  // namespace iago
