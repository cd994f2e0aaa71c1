#include "testing/stats/simulation.h"

#include <boost/math/distributions/beta.hpp>
#include <limits>

#include "base/error.h"

namespace iago {
namespace {

QueryCounts simulate_query(double propensity, const SimulatedArm& arm, Random& random) {
  QueryCounts query;
  const std::size_t repeats =
      arm.unequal_repeats ? 1 + static_cast<std::size_t>(random.below(arm.repeats)) : arm.repeats;
  for (std::size_t i = 0; i < repeats; ++i) {
    if (arm.missing > 0 && random.chance(arm.missing)) {
      ++query.missing;
    } else {
      ++query.trials;
      query.successes += random.chance(propensity);
    }
  }
  return query;
}

}  // namespace

Propensity::Propensity(double rate, double correlation) {
  IAGO_CHECK(rate >= 0 && rate <= 1, "rate in [0, 1]");
  IAGO_CHECK(correlation >= 0 && correlation < 1, "correlation in [0, 1)");
  grid_.assign(kGrid, rate);
  if (correlation > 0 && rate > 0 && rate < 1) {
    using namespace boost::math::policies;
    using Lenient = policy<underflow_error<ignore_error>, evaluation_error<ignore_error>>;
    const double weight = 1 / correlation - 1;
    const boost::math::beta_distribution<double, Lenient> beta(rate * weight, (1 - rate) * weight);
    for (std::size_t i = 0; i < kGrid; ++i) {
      grid_[i] = boost::math::quantile(beta, (static_cast<double>(i) + 0.5) / kGrid);
    }
  }
  for (double x : grid_) mean_ += x / kGrid;
  for (double x : grid_) variance_ += (x - mean_) * (x - mean_) / kGrid;
}

SimulatedPair simulate_pair(const Propensity& more, const SimulatedArm& more_arm,
                            const Propensity& less, const SimulatedArm& less_arm,
                            std::size_t queries, Tie tie, Random& random) {
  SimulatedPair pair;
  pair.more.reserve(queries);
  pair.less.reserve(queries);
  for (std::size_t i = 0; i < queries; ++i) {
    const auto place = static_cast<std::size_t>(random.below(Propensity::kGrid));
    const auto other =
        tie == Tie::same ? place : static_cast<std::size_t>(random.below(Propensity::kGrid));
    pair.more.push_back(simulate_query(more.at(place), more_arm, random));
    pair.less.push_back(simulate_query(less.at(other), less_arm, random));
  }
  return pair;
}

}  // namespace iago
