#include "stats/multiple.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/random.h"
#include "testing/stats/goldens.h"

namespace iago {
namespace {

PValues p_values_of(const Json& numbers) {
  PValues values;
  for (const Json& number : numbers) {
    values.push_back(number.is_null() ? std::optional<double>() : number.get<double>());
  }
  return values;
}

void expect_near(const PValues& found, const PValues& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_EQ(found[i].has_value(), expected[i].has_value()) << i;
    if (found[i]) {
      EXPECT_NEAR(*found[i], *expected[i], 1e-12) << i;
    }
  }
}

TEST(AdjustedPValues, AgreeWithStatsmodelsWithTiesAndEndsAndAbsentOnes) {
  const Json rows = read_goldens("multiple");
  ASSERT_GE(rows.size(), 6u);
  for (const Json& row : rows) {
    const PValues raw = p_values_of(row["p_values"]);
    expect_near(holm(raw), p_values_of(row["holm"]));
    expect_near(benjamini_hochberg(raw), p_values_of(row["benjamini_hochberg"]));
  }
}

TEST(AdjustedPValues, LeaveOutWhatIsAbsentOrNotANumber) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const PValues with = {0.01, std::nullopt, 0.04, nan}, without = {0.01, 0.04};
  for (auto* adjust : {&holm, &benjamini_hochberg}) {
    const PValues found = adjust(with), expected = adjust(without);
    EXPECT_FALSE(found[1]);
    EXPECT_FALSE(found[3]);
    EXPECT_EQ(found[0], expected[0]);
    EXPECT_EQ(found[2], expected[1]);
  }
}

TEST(AdjustedPValues, OfOneTestAreItsOwnAndOfNoneNone) {
  EXPECT_EQ(holm(PValues{0.03}), PValues{0.03});
  EXPECT_EQ(benjamini_hochberg(PValues{0.03}), PValues{0.03});
  EXPECT_TRUE(holm(PValues{}).empty());
  EXPECT_EQ(holm(PValues(2)), PValues(2));
}

// Both by their definition: Holm's is the smallest level at which the step-down procedure rejects,
// Benjamini and Hochberg's the smallest at which the step-up one does.
TEST(AdjustedPValues, AreTheSmallestLevelsAtWhichTheProceduresReject) {
  Random random(3, "levels");
  for (int study = 0; study < 50; ++study) {
    PValues raw;
    for (int i = 0; i < 6; ++i) raw.push_back(std::pow(random.uniform(), 3.0));
    const PValues down = holm(raw), up = benjamini_hochberg(raw);
    std::vector<double> sorted;
    for (const auto& p : raw) sorted.push_back(*p);
    std::sort(sorted.begin(), sorted.end());
    for (double level : {0.01, 0.05, 0.2, 0.6}) {
      std::size_t by_holm = 0, by_step_up = 0;
      while (by_holm < 6 && sorted[by_holm] * (6.0 - static_cast<double>(by_holm)) <= level) {
        ++by_holm;
      }
      for (std::size_t i = 0; i < 6; ++i) {
        if (sorted[i] * 6 / static_cast<double>(i + 1) <= level) by_step_up = i + 1;
      }
      for (std::size_t i = 0; i < 6; ++i) {
        EXPECT_EQ(*down[i] <= level, by_holm > 0 && *raw[i] <= sorted[by_holm - 1]);
        EXPECT_EQ(*up[i] <= level, by_step_up > 0 && *raw[i] <= sorted[by_step_up - 1]);
      }
    }
  }
}

}  // namespace
}  // namespace iago
