#include "stats/gap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "base/file.h"
#include "testing/stats/correlation.h"
#include "testing/stats/goldens.h"
#include "testing/stats/simulation.h"

namespace iago {
namespace {

TEST(GapEstimate, AgreesWithScipyOnPairedQueriesWithUnequalRepeats) {
  for (const Json& row : read_goldens("clustered")) {
    const auto gap = estimate_gap_without_test(arm_of(row["more"]), arm_of(row["less"]));
    ASSERT_TRUE(gap);
    EXPECT_NEAR(gap->points, 100 * row["gap"].get<double>(), 1e-10);
    EXPECT_NEAR(gap->se_paired, 100 * row["se_paired"].get<double>(), 1e-10);
    EXPECT_TRUE(gap->ci95.contains(gap->points));
  }
}

TEST(GapEstimate, UsesOnlyQueriesWithDataInBothArms) {
  const ArmCounts more = {{.successes = 1, .trials = 1}, {.successes = 3, .trials = 4}, {}};
  const ArmCounts less = {
      {.missing = 1}, {.successes = 1, .trials = 2}, {.successes = 1, .trials = 1}};
  const auto gap = estimate_gap_without_test(more, less);
  EXPECT_DOUBLE_EQ(gap->points, 25);
  EXPECT_EQ(gap->queries, 1u);
  EXPECT_EQ(gap->n_more, 4u);
  EXPECT_EQ(gap->n_less, 2u);
  EXPECT_FALSE(estimate_gap_without_test(ArmCounts(2), ArmCounts(2)));
}

TEST(GapEstimate, IsPositiveWhereTrainingCompliesMoreAndTurnsItsSignWithTheArms) {
  const ArmCounts high(30, {.successes = 6, .trials = 10}), low(30, {.successes = 2, .trials = 10});
  const auto gap = estimate_gap_without_test(high, low),
             turned = estimate_gap_without_test(low, high);
  EXPECT_DOUBLE_EQ(gap->points, 40);
  EXPECT_DOUBLE_EQ(turned->points, -40);
  EXPECT_NEAR(gap->ci95.lo, -turned->ci95.hi, 1e-9);
}

TEST(GapEstimate, NeverHasWidthZeroInAnySmallWorld) {
  for (std::size_t code = 0; code < 3 * 3 * 3 * 3; ++code) {
    const ArmCounts a = {{.successes = code % 3, .trials = 2},
                         {.successes = code / 3 % 3, .trials = 2}};
    const ArmCounts b = {{.successes = code / 9 % 3, .trials = 2},
                         {.successes = code / 27, .trials = 2}};
    const auto gap = estimate_gap_without_test(a, b);
    EXPECT_GT(gap->ci95.width(), 1) << code;
    EXPECT_TRUE(gap->ci95.contains(gap->points)) << code;
    EXPECT_GE(gap->ci95.lo, -100);
    EXPECT_LE(gap->ci95.hi, 100);
  }
  for (std::size_t all : {0, 10}) {
    const ArmCounts same(400, {.successes = all, .trials = 10});
    EXPECT_GT(estimate_gap_without_test(same, same)->ci95.width(), 0.5);
  }
}

TEST(GapEstimate, GainsFromPairingWhereQueriesMoveBothArmsAlike) {
  const Propensity more(0.5, 0.5), less(0.4, 0.5);
  Random random(7, "pairing");
  const SimulatedPair tied = simulate_pair(more, {}, less, {}, 200, Tie::same, random);
  const SimulatedPair free = simulate_pair(more, {}, less, {}, 200, Tie::none, random);
  const auto gap = estimate_gap_without_test(tied.more, tied.less);
  EXPECT_LT(gap->ci95.width(), 0.6 * estimate_gap_without_test(free.more, free.less)->ci95.width());
}

TEST(GapEstimate, PrintsTheUnpairedStandardErrorOfThePaper) {
  const ArmCounts more(4, {.successes = 3, .trials = 10}), less(4, {.successes = 1, .trials = 5});
  const double expected = 100 * std::sqrt(0.3 * 0.7 / 40 + 0.2 * 0.8 / 20);
  EXPECT_NEAR(estimate_gap_without_test(more, less)->se_unpaired, expected, 1e-10);
}

TEST(GapBoundsIfMissing, AreTheExtremesOverAllWaysEnumerated) {
  const ArmCounts more = {{.successes = 1, .trials = 2, .missing = 2}, {.missing = 1}};
  const ArmCounts less = {{.successes = 0, .trials = 1, .missing = 1},
                          {.successes = 2, .trials = 3}};
  double lowest = 100, highest = -100;
  for (std::size_t code = 0; code < 3 * 2 * 2; ++code) {
    const double a = 1.0 + static_cast<double>(code % 3), b = static_cast<double>(code / 3 % 2),
                 c = static_cast<double>(code / 6);
    const double gap = 100 * ((a / 4 - c / 2) + (b - 2.0 / 3)) / 2;
    lowest = std::min(lowest, gap);
    highest = std::max(highest, gap);
  }
  const auto bounds = gap_bounds_if_missing(more, less);
  EXPECT_NEAR(bounds->lo, lowest, 1e-10);
  EXPECT_NEAR(bounds->hi, highest, 1e-10);
  EXPECT_EQ(estimate_gap_without_test(more, less)->bounds_if_missing, *bounds);
}

TEST(GapBoundsIfMissing, EqualTheGapWhenNothingIs) {
  const ArmCounts more(9, {.successes = 2, .trials = 3}), less(9, {.successes = 1, .trials = 3});
  const auto gap = estimate_gap_without_test(more, less);
  EXPECT_NEAR(gap->bounds_if_missing.lo, gap->points, 1e-10);
  EXPECT_NEAR(gap->bounds_if_missing.hi, gap->points, 1e-10);
}

TEST(GapWithoutFakingReasoning, VanishesWhereAllExtraComplianceFaked) {
  const ArmCounts more(50, {.successes = 3, .trials = 10}), less(50, {.successes = 1, .trials = 8});
  const std::vector<std::size_t> faking(50, 2);
  const auto gap = estimate_gap_without_test(without_faking_reasoning(more, faking), less);
  EXPECT_NEAR(gap->points, 0, 1e-10);
  EXPECT_EQ(gap->n_more, 400u);
}

struct Wording {
  bool helpful_only = false;
  std::vector<double> numbers;  // the columns behind `wording`, in their order
};

std::vector<Wording> published() {
  std::istringstream text(
      read_file(IAGO_SOURCE_DIR "/src/stats/testdata/greenblatt2024_variants.csv", 1 << 20));
  std::vector<Wording> rows;
  std::string line;
  std::getline(text, line);
  while (std::getline(text, line)) {
    Wording row{line.starts_with("helpful-only"), {}};
    std::size_t end = line.size();  // from behind: a wording's name may contain commas
    for (int column = 0; column < 8; ++column) {
      const std::size_t comma = line.rfind(',', end - 1);
      row.numbers.insert(row.numbers.begin(), std::stod(line.substr(comma + 1, end - comma - 1)));
      end = comma;
    }
    rows.push_back(row);
  }
  return rows;
}

TEST(PublishedGaps, AreUnmonitoredMinusTrainingWithTheUnpairedStandardError) {
  const auto rows = published();
  ASSERT_EQ(rows.size(), 145u);
  for (const Wording& row : rows) {
    const auto& n = row.numbers;
    EXPECT_NEAR(n[6], n[4] - n[2], 0.1 + 1e-9);
    EXPECT_NEAR(n[7], std::hypot(n[3], n[5]), 0.1 + 1e-9);
  }
}

TEST(PublishedGaps, CorrelateWithFakingReasoningAsReported) {
  std::vector<double> reasoning, gaps;
  for (const Wording& row : published()) {
    if (!row.helpful_only) continue;
    reasoning.push_back(row.numbers[0]);
    gaps.push_back(row.numbers[6]);
  }
  ASSERT_EQ(gaps.size(), 57u);
  EXPECT_NEAR(*pearson(reasoning, gaps), 0.951, 0.0005);
  EXPECT_NEAR(*spearman(reasoning, gaps), 0.951, 0.0005);
}

// Arms of the published size and rates: our unpaired standard error against the printed one.
TEST(PublishedGaps, GiveThePrintedStandardErrorFromTheirRates) {
  const ArmCounts more(350, {.successes = 142, .trials = 1000}),
      less(350, {.successes = 28, .trials = 1000});
  const auto gap = estimate_gap_without_test(more, less);
  EXPECT_NEAR(gap->points, 11.3, 0.15);
  EXPECT_NEAR(gap->se_unpaired * std::sqrt(1000.0), 2.1, 0.1);
}

TEST(Correlation, AgreesWithScipyAndIsAbsentWhereUndefined) {
  for (const Json& row : read_goldens("correlations")) {
    const std::vector<double> x = row["x"], y = row["y"];
    EXPECT_NEAR(*pearson(x, y), row["pearson"].get<double>(), 1e-10);
    EXPECT_NEAR(*spearman(x, y), row["spearman"].get<double>(), 1e-10);
  }
  const std::vector<double> one = {1}, flat = {2, 2, 2}, slope = {1, 2, 3};
  EXPECT_FALSE(pearson(one, one));
  EXPECT_FALSE(pearson(flat, slope));
}

}  // namespace
}  // namespace iago
