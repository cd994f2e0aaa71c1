// The kinds of study that intervals are simulated in: rates, queries, repeats, correlations,
// unequal arms, missing completions. What bench/coverage and bench/intervals share.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "testing/stats/simulation.h"

namespace iago::bench {

struct Design {
  double more = 0, less = 0;  // rates
  std::size_t queries = 0;
  SimulatedArm more_arm, less_arm;
  double correlation = 0;  // of two completions of one query
  Tie tie = Tie::none;

  // The smaller of the two arms' expected numbers of the rarer outcome.
  double expected_events() const;
  // As "0.140 0.030 Q50  m10/10 icc0.3  tied": it names the design's random stream.
  std::string name() const;
};

std::vector<Design> all_designs();

// Computed once per rate and correlation. Thread-safe.
const Propensity& propensity(double rate, double correlation);

}  // namespace iago::bench
