// The verdict on two arms that a test has made up, under names that occur nowhere else.
#pragma once

#include "stats/verdict.h"

namespace iago {

inline Finding decide(const ArmCounts& more, const ArmCounts& less,
                      double margin_points = kMarginPoints) {
  return decide_verdict(more, less, {{"watched", "alone"}, "comply"}, margin_points);
}

}  // namespace iago
