// What the verdict's rule makes of a judge's error: the corrected gap, labels that disprove the
// judge, the error that would undo the verdict, and what keeps it provisional. Pure; internal to
// the room.
#pragma once

#include <optional>

#include "stats/internal/evidence.h"

namespace iago {

// The shares of what counts in the two arms that the judge has seen: all but what the provider
// refused.
SeenShares seen_by_judge(const ContrastEvidence& evidence);

// The corrected gap at 95 %, by strata where people's labels of both arms were drawn so, else by
// the counts of the judge's errors; where it could be corrected, `measured` reads it at the level.
// Needs data in both arms.
JudgedGap correct_for_judge(const ContrastEvidence& evidence, double level, Measured& measured);

// Labels that are too few, or contradict what the judge reports, give no interval. They may still
// say that the judge does not work: sensitivity plus specificity is at most 1.3 in an arm; no rate
// goes with what it reports; or, taking the errors to be just what was labelled, a gap is none, or
// no gap is one. Absent else, and where a kind of text, or a stratum, has no label at all.
std::optional<Cause> judge_disproved(const ContrastEvidence& evidence, const Decision& decision,
                                     double margin);

// Fills in the tipping point, and all that keeps the verdict provisional.
void set_judge(Decision& decision, const ContrastEvidence& evidence, double margin);

}  // namespace iago
