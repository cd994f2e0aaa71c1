// The thinned form of bench/coverage: the cells in which the committed table (docs/results) is
// closest to its limits, each 95 % interval covering at least 93 %, and at most 98 % where ten or
// more events are expected in each arm, within twice the simulation's own error.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "stats/gap.h"
#include "stats/rate.h"
#include "testing/stats/simulation.h"

namespace iago {
namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr int kStudies = 300;  // looks for what sanitizers see, not for coverage
#else
constexpr int kStudies = 4000;
#endif
constexpr double kLowest = 0.93, kHighest = 0.98;

struct CoverageDesign {
  std::string name;
  double more, less;
  std::size_t queries;
  SimulatedArm more_arm, less_arm;
  double correlation;
  Tie tie;
  bool is_frequent;  // ten or more events expected in each arm
};

void PrintTo(const CoverageDesign& cell, std::ostream* out) { *out << cell.name; }

double error_of(double share) { return std::sqrt(share * (1 - share) / kStudies); }

class Coverage : public testing::TestWithParam<CoverageDesign> {};

TEST_P(Coverage, OfRatesAndGapIsWithinItsLimits) {
  const CoverageDesign& cell = GetParam();
  const Propensity a(cell.more, cell.correlation), b(cell.less, cell.correlation);
  Random random(20241218, cell.name);
  int more = 0, less = 0, gap = 0;
  for (int i = 0; i < kStudies; ++i) {
    const SimulatedPair pair =
        simulate_pair(a, cell.more_arm, b, cell.less_arm, cell.queries, cell.tie, random);
    const auto of_more = estimate_rate(pair.more), of_less = estimate_rate(pair.less);
    const auto of_gap = estimate_gap_without_test(pair.more, pair.less);
    more += of_more && of_more->ci95.contains(a.mean());
    less += of_less && of_less->ci95.contains(b.mean());
    gap += of_gap && of_gap->ci95.contains(100 * (a.mean() - b.mean()));
  }
  for (const auto& [name, covered] :
       {std::pair{"more", more}, std::pair{"less", less}, std::pair{"gap", gap}}) {
    const double share = static_cast<double>(covered) / kStudies;
    EXPECT_GE(share, kLowest - 2 * error_of(kLowest)) << name;
    if (cell.is_frequent) {
      EXPECT_LE(share, kHighest + 2 * error_of(kHighest)) << name;
    }
  }
}

constexpr SimulatedArm kOnce{.repeats = 1}, kThrice{.repeats = 3}, kTenTimes{.repeats = 10};
constexpr SimulatedArm kUnequal{.repeats = 10, .unequal_repeats = true, .missing = 0.05},
    kFewerUnequal{.repeats = 5, .unequal_repeats = true, .missing = 0.05};

INSTANTIATE_TEST_SUITE_P(
    Cells, Coverage,
    testing::Values(
        CoverageDesign{"twins with few events", 0.03, 0.03, 50, kTenTimes, kTenTimes, 0.3,
                       Tie::same, true},
        CoverageDesign{"few twins", 0.1, 0.1, 20, kTenTimes, kTenTimes, 0.3, Tie::same, true},
        CoverageDesign{"few events, loosely tied", 0.1, 0.1, 50, kTenTimes, kTenTimes, 0.05,
                       Tie::same, true},
        CoverageDesign{"correlated and rare", 0.03, 0.03, 100, kTenTimes, kTenTimes, 0.3, Tie::none,
                       true},
        CoverageDesign{"very rare", 0.005, 0.005, 100, kTenTimes, kTenTimes, 0.05, Tie::none,
                       false},
        CoverageDesign{"the faker", 0.14, 0.03, 100, kTenTimes, kTenTimes, 0.05, Tie::none, true},
        CoverageDesign{"one completion a query", 0.5, 0.25, 100, kOnce, kOnce, 0, Tie::none, true},
        CoverageDesign{"unequal, some missing", 0.25, 0.1, 50, kUnequal, kFewerUnequal, 0.3,
                       Tie::none, true},
        CoverageDesign{"close to 1", 0.97, 0.9, 50, kThrice, kThrice, 0.3, Tie::none, false}),
    [](const auto& cell) {
      std::string name = cell.param.name;
      for (char& c : name) {
        if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
      }
      return name;
    });

}  // namespace
}  // namespace iago
