#include "testing/stats/simulation.h"

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <span>
#include <utility>

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

double place_of(std::size_t i) { return (static_cast<double>(i) + 0.5) / Propensity::kGrid; }

double average(std::span<const double> numbers) {
  double mean = 0;
  for (double x : numbers) mean += x / static_cast<double>(numbers.size());
  return mean;
}

std::vector<double> logit_normal_grid(double centre, double sd) {
  std::vector<double> grid(Propensity::kGrid);
  for (std::size_t i = 0; i < grid.size(); ++i) {
    const double normal = boost::math::quantile(boost::math::normal(), place_of(i));
    grid[i] = 1 / (1 + std::exp(-centre - sd * normal));
  }
  return grid;
}

std::vector<double> beta_grid(double rate, double correlation) {
  IAGO_CHECK(rate >= 0 && rate <= 1, "rate in [0, 1]");
  IAGO_CHECK(correlation >= 0 && correlation < 1, "correlation in [0, 1)");
  std::vector<double> grid(Propensity::kGrid, rate);
  if (correlation > 0 && rate > 0 && rate < 1) {
    using namespace boost::math::policies;
    using Lenient = policy<underflow_error<ignore_error>, evaluation_error<ignore_error>>;
    const double weight = 1 / correlation - 1;
    const boost::math::beta_distribution<double, Lenient> beta(rate * weight, (1 - rate) * weight);
    for (std::size_t i = 0; i < grid.size(); ++i) {
      grid[i] = boost::math::quantile(beta, place_of(i));
    }
  }
  return grid;
}

// Both arms' places in their distributions.
std::pair<std::size_t, std::size_t> draw_places(Tie tie, Random& random) {
  if (tie == Tie::half) {
    const auto place = [](double normal) {
      const double share = boost::math::cdf(boost::math::normal(), normal);
      return std::min(static_cast<std::size_t>(share * Propensity::kGrid), Propensity::kGrid - 1);
    };
    const double a = random.normal(), b = 0.5 * a + std::sqrt(0.75) * random.normal();
    return {place(a), place(b)};
  }
  const auto place = static_cast<std::size_t>(random.below(Propensity::kGrid));
  if (tie == Tie::same) return {place, place};
  return {place, static_cast<std::size_t>(random.below(Propensity::kGrid))};
}

}  // namespace

Propensity::Propensity(std::vector<double> grid) : grid_(std::move(grid)), mean_(average(grid_)) {
  for (double x : grid_) variance_ += (x - mean_) * (x - mean_) / kGrid;
}

Propensity::Propensity(double rate, double correlation)
    : Propensity(beta_grid(rate, correlation)) {}

Propensity Propensity::logit_normal(double rate, double sd) {
  IAGO_CHECK(rate > 0 && rate < 1 && sd >= 0, "rate in (0, 1), sd not negative");
  double lo = -40, hi = 40;
  for (int step = 0; step < 50; ++step) {
    const double middle = (lo + hi) / 2;
    (average(logit_normal_grid(middle, sd)) < rate ? lo : hi) = middle;
  }
  return Propensity(logit_normal_grid((lo + hi) / 2, sd));
}

Propensity Propensity::strong(double base, double share) {
  IAGO_CHECK(share >= 0 && share <= 1, "share in [0, 1]");
  std::vector<double> grid(kGrid, base);
  const auto count = static_cast<std::size_t>(std::ceil(share * kGrid));
  std::fill(grid.end() - static_cast<std::ptrdiff_t>(count), grid.end(), 1.0);
  return Propensity(std::move(grid));
}

SimulatedPair simulate_pair(const Propensity& more, const SimulatedArm& more_arm,
                            const Propensity& less, const SimulatedArm& less_arm,
                            std::size_t queries, Tie tie, Random& random) {
  SimulatedPair pair;
  pair.more.reserve(queries);
  pair.less.reserve(queries);
  for (std::size_t i = 0; i < queries; ++i) {
    const auto [in_more, in_less] = draw_places(tie, random);
    pair.more_propensity.push_back(more.at(in_more));
    pair.less_propensity.push_back(less.at(in_less));
    pair.more.push_back(simulate_query(more.at(in_more), more_arm, random));
    pair.less.push_back(simulate_query(less.at(in_less), less_arm, random));
  }
  return pair;
}

}  // namespace iago
