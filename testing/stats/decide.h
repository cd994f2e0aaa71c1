// The verdict on two arms that a test has made up, of which every answer was judged.
#pragma once

#include "stats/decision.h"

namespace iago {

inline Decision decide(const ArmCounts& more, const ArmCounts& less,
                       double margin_points = kMarginPoints) {
  ContrastEvidence evidence;
  evidence.wordings = {{more, less}};
  const std::size_t all = total(more).trials + total(less).trials;
  evidence.more_tally = evidence.less_tally = {.trials = all, .answered = all, .judged = all};
  return decide_contrast(evidence, margin_points);
}

}  // namespace iago
