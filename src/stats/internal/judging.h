// What the verdict's rule makes of a judge's error: the corrected gap, labels that disprove the
// judge, the error that would undo the verdict, and what keeps it provisional. Pure; internal to
// the room.
#pragma once

#include <optional>

#include "stats/internal/evidence.h"

namespace iago {

// The corrected gap at 95 %; where it could be corrected, `measured` reads it at the level. Needs
// data in both arms.
JudgedGap correct_for_judge(const ContrastEvidence& evidence, double level, Measured& measured);

// Labels that are too few, or contradict what the judge reports, give no interval. They may still
// say that the judge does not work: sensitivity plus specificity is at most 1.3 in an arm; no rate
// goes with what it reports; or, taking the errors to be just what was labelled, a gap is none, or
// no gap is one. Absent else.
std::optional<Cause> judge_disproved(const ContrastEvidence& evidence, const Decision& decision,
                                     double margin);

// Fills in the tipping point, and all that keeps the verdict provisional.
void set_judge(Decision& decision, const ContrastEvidence& evidence, double margin);

}  // namespace iago
