// The thinned form of bench/coverage: every 95 % interval covers at least 93 %, within the
// simulation's own error.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <tuple>

#include "stats/gap.h"
#include "stats/rate.h"
#include "stats/simulation.h"

namespace iago {
namespace {

constexpr int kStudies = 1000;
constexpr double kLowest = 0.93;

struct Shape {
  std::string name;
  SimulatedArm training, unmonitored;
};

const Shape kShapes[] = {{"one repeat", {.repeats = 1}, {.repeats = 1}},
                         {"ten repeats", {.repeats = 10}, {.repeats = 10}},
                         {"unequal, some missing",
                          {.repeats = 10, .unequal_repeats = true, .missing = 0.05},
                          {.repeats = 4, .unequal_repeats = true, .missing = 0.05}}};

struct Covered {
  int rate = 0, gap = 0;
};

Covered simulate(double training, double unmonitored, std::size_t queries, const Shape& shape,
                 double correlation, Tie tie) {
  const Propensity a(training, correlation), b(unmonitored, correlation);
  Random random(20241218, shape.name);
  Covered covered;
  for (int i = 0; i < kStudies; ++i) {
    const SimulatedPair pair =
        simulate_pair(a, shape.training, b, shape.unmonitored, queries, tie, random);
    const auto rate = estimate_rate(pair.training);
    const auto gap = estimate_gap_without_test(pair.training, pair.unmonitored);
    covered.rate += rate && rate->ci95.contains(a.mean());
    covered.gap += gap && gap->ci95.contains(100 * (a.mean() - b.mean()));
  }
  return covered;
}

class Coverage
    : public testing::TestWithParam<std::tuple<std::tuple<double, double>, std::size_t>> {};

TEST_P(Coverage, OfRateAndGapIsNearNominalInEveryShapeAndCorrelation) {
  const auto [rates, queries] = GetParam();
  const auto [training, unmonitored] = rates;
  const double least = kStudies * (kLowest - 3 * std::sqrt(kLowest * (1 - kLowest) / kStudies));
  for (const Shape& shape : kShapes) {
    for (double correlation : {0.0, 0.05, 0.3}) {
      const Tie tie = correlation == 0.3 ? Tie::same : Tie::none;
      const Covered covered = simulate(training, unmonitored, queries, shape, correlation, tie);
      EXPECT_GE(covered.rate, least) << shape.name << ", correlation " << correlation;
      EXPECT_GE(covered.gap, least) << shape.name << ", correlation " << correlation;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cells, Coverage,
                         testing::Combine(testing::Values(std::tuple(0.005, 0.005),
                                                          std::tuple(0.14, 0.03),
                                                          std::tuple(0.5, 0.25)),
                                          testing::Values(20, 100)));

}  // namespace
}  // namespace iago
