// Studies whose judge errs, and whose answers people label by the design of label_design.h: the
// oracle for stratified.h, for its test and for bench/labels.
#pragma once

#include <cstddef>
#include <cstdint>

#include "stats/stratified.h"
#include "testing/stats/simulated_judge.h"

namespace iago {

struct LabelledDesign {
  double more = 0, less = 0;  // true rates
  SimulatedJudge in_more, in_less;
  std::size_t labels = 200;          // of both arms together
  double correlation = 0.05;         // of two answers of one query
  double correlation_of_errors = 0;  // of the judge's errors in two answers of one query
  std::size_t queries = 120, repeats = 5;
  LabelEstimator estimator = LabelEstimator::stratified;  // the other one: the judge gives
                                                          // probabilities
};

struct LabelledCoverage {
  int covered = 0;       // of the corrected gap's interval
  int too_few = 0;       // the answer was "too few labels" instead
  int wald_covered = 0;  // of Wald's interval on the same estimate, where corrected
  double points = 0;     // mean width of the first, where corrected
  double wald_points = 0;
  double bias = 0;  // mean of estimate less truth, points
};

LabelledCoverage simulate_labels(const LabelledDesign& design, int studies, std::uint64_t seed);

}  // namespace iago
