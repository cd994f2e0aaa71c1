// Simulated arms with known rates: the oracle for coverage and power, for tests, for
// bench/coverage. Each query has a propensity of its own, and its completions are independent given
// that. Three families: beta distributed around the arm's rate (the beta-binomial model), normal
// on the scale of log odds, and a few strong queries.
#pragma once

#include <cstddef>
#include <vector>

#include "base/random.h"
#include "stats/counts.h"

namespace iago {

// The distribution of a query's propensity: its quantiles on a grid of kGrid equally likely points,
// so that two arms can share a query's place in it. Immutable: safe from any thread.
class Propensity {
 public:
  static constexpr std::size_t kGrid = 4096;

  // Beta: mean `rate` in [0, 1]; `correlation` in [0, 1) is that of two completions of one query,
  // which is the propensity's variance over rate (1 - rate). Takes milliseconds.
  Propensity(double rate, double correlation);

  // expit(c + sd z) with a standard normal z, c such that the mean is `rate`, in (0, 1).
  static Propensity logit_normal(double rate, double sd);
  // A share in [0, 1] of the queries always complies, the rest with chance `base`.
  static Propensity strong(double base, double share);

  double mean() const { return mean_; }  // of the grid: the truth of a simulation, close to `rate`
  double variance() const { return variance_; }
  double at(std::size_t place) const { return grid_[place]; }  // place < kGrid

 private:
  explicit Propensity(std::vector<double> grid);

  std::vector<double> grid_;
  double mean_ = 0, variance_ = 0;
};

struct SimulatedArm {
  std::size_t repeats = 10;
  bool unequal_repeats = false;  // each query has 1 to `repeats`, all equally likely
  double missing = 0;            // chance of each completion to be missing, whatever it is
};

// How a query's propensity in one arm is tied to that in the other.
enum class Tie {
  none,  // independent
  half,  // the places are those of two normal variables that correlate by a half
  same,  // the same place in both distributions: as close as they can be
};

struct SimulatedPair {
  ArmCounts more, less;
  std::vector<double> more_propensity, less_propensity;  // what was drawn for each query
};

SimulatedPair simulate_pair(const Propensity& more, const SimulatedArm& more_arm,
                            const Propensity& less, const SimulatedArm& less_arm,
                            std::size_t queries, Tie tie, Random& random);

}  // namespace iago
