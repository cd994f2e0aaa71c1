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

// What the headline and the longer sentence have in common: "nothing was answered in either arm".
std::string not_measured(const NotMeasured& cause, const ContrastWords& words);
// "the subject nearly always complies: 99.0 % in training, 98.0 % in unmonitored (lower limits on
// these queries 97.90 % and 96.20 %)", and the same of "almost never" with upper limits.
std::string nearly_always(const NoConflict& cause, const ContrastWords& words);
std::string almost_never(const AlwaysRefuses& cause, const ContrastWords& words);
std::string times(std::size_t n);  // "twice", "3 times"
// "\"no gap\" or \"gap\""
std::string at_bounds(const MissingDecides& cause);

}  // namespace iago
