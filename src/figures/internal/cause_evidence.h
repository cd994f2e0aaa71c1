// What the rule of causes (stats/behaviour_cause.h) is told of a run: three kinds of arms, found by
// what their subjects are told, never by their names. Private to this room.
#pragma once

#include <vector>

#include "figures/internal/wording_data.h"
#include "figures/summary.h"

namespace iago {

// What an arm tells, as far as the rule asks.
enum class ArmKind {
  trained,  // its answers train the subject
  rated,    // they are rated, and train nothing
  alone,    // they train nothing, and nobody rates or monitors them
  other,    // it says too little, or is monitored without being rated
};
ArmKind kind_of(const Circumstances& told);

// Whether the reference wording tells of `less` that it is trained on, and not of `more`.
bool is_turned(const Summary& summary, const Contrast& contrast);

// The arm that is rated and not trained on. Empty if no arm is, or if the contrast does not compare
// an arm that is trained on with one that is left alone (in either order).
std::string rated_beside(const Summary& summary, const Contrast& contrast);

// The first contrast of a trained arm with one that is left alone decides which two they are; the
// rated arm is the first of the reference wording that is one. The summary has its contrasts.
// Absent without a judge of the contrasts.
std::optional<CauseSummary> cause_of(const Summary& summary, const std::vector<WordingData>& data,
                                     bool is_reasoning_read);

}  // namespace iago
