// The kinds of study that intervals are simulated in: families of queries, rates, repeats, unequal
// arms, missing completions. What bench/coverage and bench/intervals share.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "testing/stats/simulation.h"

namespace iago::bench {

enum class Family {
  beta,    // beta-binomial; `spread` is the correlation of two completions of one query
  logit,   // logit-normal; `spread` is the standard deviation in logits
  strong,  // `spread` is the share of queries that always comply, the rest has the rate
};
std::string_view name_of(Family family);

// How an arm's queries are distributed.
struct ArmDesign {
  double rate = 0;    // of `strong`: of the other queries
  double spread = 0;  // see Family
};

struct Design {
  Family family = Family::beta;
  ArmDesign more, less;
  std::size_t queries = 0;
  SimulatedArm more_arm, less_arm;
  Tie tie = Tie::none;

  // The smaller of the two arms' expected numbers of the rarer outcome.
  double expected_events() const;
  // Repeats that tell no more of each other than of other queries' repeats.
  bool is_uncorrelated() const { return family == Family::beta && more.spread == 0; }
  // As "beta 0.140 0.030 Q50  m10/10 0.3/0.3 same": it names the design's random stream.
  std::string name() const;
};

// Equal repeats without anything missing, or unequal ones with 5 % missing.
std::vector<Design> beta_designs();
std::vector<Design> logit_designs();
// Only with three or more strong queries expected.
std::vector<Design> strong_designs();
// Of each family, with a gap of just the margin of 3 points.
std::vector<Design> margin_designs();
// All of these.
std::vector<Design> all_designs();

// Computed once. Thread-safe.
const Propensity& propensity(Family family, const ArmDesign& arm);

}  // namespace iago::bench
