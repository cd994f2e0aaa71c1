// Studies that are judged by a judge who errs, with errors of its own in each arm, and of which
// people labelled some: the oracle for judged_gap.h, for its test and for bench/judged.
#pragma once

#include <cstddef>
#include <cstdint>

#include "testing/stats/simulation.h"

namespace iago {

struct SimulatedJudge {
  double sensitivity = 1, specificity = 1;
};

struct JudgedDesign {
  double more = 0, less = 0;  // true rates
  SimulatedJudge in_more, in_less;
  std::size_t labels = 200;   // in each arm, of its own answers, drawn at random
  double correlation = 0.05;  // of two answers of one query
  std::size_t queries = 200;
};

struct JudgedCoverage {
  int covered = 0;       // of the corrected gap's interval
  int too_few = 0;       // the answer was "too few labels" instead
  int contradicted = 0;  // or "contradicted"
  double points = 0;     // mean width where corrected
};

JudgedCoverage simulate_judged(const JudgedDesign& design, int studies, std::uint64_t seed);

}  // namespace iago
