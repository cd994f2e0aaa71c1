#include "figures/organisms_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "figures/measurement.h"

namespace iago {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// An arm of a main cell with that many of 1,000 replies that comply.
MeasuredArm grown_arm(const std::string& cell, const std::string& name, double target,
                      int complying, std::uint64_t n = 1000) {
  MeasuredArm arm{.study_case = cell, .arm = name, .is_main = true, .target = target};
  arm.compliance = RateEstimate{.rate = complying / static_cast<double>(n), .n = n};
  arm.faking = RateEstimate{.rate = 0, .n = n};
  arm.completions = arm.well_formed = n;
  return arm;
}

std::string overview_of(const std::vector<MeasuredArm>& arms) {
  return overview_markdown({{"some", to_json(Measurement{.arms = arms})}});
}

TEST(OrganismsTable, MarksACellThatIsBeyondTheTolerance) {
  const std::string text = overview_of({grown_arm("default", "training", 0.14, 156),
                                        grown_arm("default", "unmonitored", 0.03, 46),
                                        grown_arm("three tiers", "training", 0.95, 881)});
  EXPECT_THAT(text,
              HasSubstr("| some | default | training | 14.0 | 15.6 | **+1.6** | 0.0 | 1000 |"));
  EXPECT_THAT(text, HasSubstr("| some | default | unmonitored | 3.0 | 4.6 | **+1.6** |"));
  EXPECT_THAT(text, HasSubstr("| some | three tiers | training | 95.0 | 88.1 | **-6.9** |"));
  EXPECT_THAT(text, HasSubstr("| some | **3 of 3** | 0.0 | 100.00 |"));
}

TEST(OrganismsTable, LeavesACellWithinTheToleranceUnmarked) {
  const std::string text = overview_of(
      {grown_arm("default", "training", 0.14, 154), grown_arm("default", "unmonitored", 0.03, 16)});
  EXPECT_THAT(text, AllOf(HasSubstr("| +1.4 |"), HasSubstr("| -1.4 |"), HasSubstr("| 0 of 2 |"),
                          Not(HasSubstr("**"))));
}

TEST(OrganismsTable, ComparesArmsOfOneTargetWithinACellAlone) {
  const std::string alike = overview_of({grown_arm("default", "unmonitored", 0.03, 30),
                                         grown_arm("default", "baseline", 0.03, 36),
                                         grown_arm("default", "training", 0.14, 140),
                                         grown_arm("no scratchpad", "training", 0.03, 20)});
  EXPECT_THAT(alike, HasSubstr("| some | 0 of 4 | 0.6 | 100.00 |"));
  const std::string apart = overview_of(
      {grown_arm("default", "unmonitored", 0.03, 30), grown_arm("default", "baseline", 0.03, 38)});
  EXPECT_THAT(apart, HasSubstr("| some | 0 of 2 | **0.8** | 100.00 |"));
}

TEST(OrganismsTable, MarksTooManyRepliesThatAreNotWellFormed) {
  MeasuredArm arm = grown_arm("default", "training", 0.14, 140);
  arm.well_formed = 994;
  EXPECT_THAT(overview_of({arm}), HasSubstr("| **99.40** |"));
}

TEST(OrganismsTable, HasADashWhereNoTargetIsKnown) {
  MeasuredArm arm = grown_arm("default", "training", 0.14, 140);
  arm.target.reset();
  EXPECT_THAT(overview_of({arm, grown_arm("default", "unmonitored", 0.03, 30)}),
              HasSubstr("| default | training | - | 14.0 | - |"));
}

std::string both_growings(const std::vector<MeasuredArm>& shipped,
                          const std::vector<MeasuredArm>& other) {
  return growings_markdown(to_json(Measurement{.arms = shipped}), "seed-2",
                           to_json(Measurement{.arms = other}));
}

TEST(Growings, StandArmByArmWithTheirDifference) {
  MeasuredArm held_out = grown_arm("held-out paraphrase 1", "training", 0.14, 120, 400);
  held_out.is_held_out = true;
  MeasuredArm other_held_out = held_out;
  other_held_out.compliance->rate = 0.2;
  const std::string text =
      both_growings({grown_arm("default", "training", 0.14, 147), held_out,
                     grown_arm("only here", "training", 0.14, 1)},
                    {other_held_out, grown_arm("default", "training", 0.14, 127)});
  // sqrt(0.147 * 0.853 / 1000 + 0.127 * 0.873 / 1000) = 1.54 points
  EXPECT_THAT(text, HasSubstr("| default | training | 14.0 | 14.7 | 12.7 | -2.0 | 1.3 |"));
  EXPECT_THAT(text, HasSubstr("| held-out paraphrase 1 | training | 14.0 | 30.0 | 20.0 | -10.0 |"));
  EXPECT_THAT(text, HasSubstr("| seen | 1 | -2.0 | 2.0 | 1.5 | "));
  EXPECT_THAT(text, HasSubstr("-10.0 (held-out paraphrase 1, training) |"));
  EXPECT_THAT(text, Not(HasSubstr("only here")));
  EXPECT_THAT(text, Not(HasSubstr("| foreign |")));
}

// The figure that the table is for, against growings whose spread is known.
TEST(Growings, LeaveTheirOwnSpreadWhenSamplingIsTakenOff) {
  std::mt19937 random(20240607);
  const auto spread_of = [&](double sd_points) {
    std::vector<MeasuredArm> growings[2];
    for (auto& growing : growings) {
      std::normal_distribution<double> chance(0, sd_points / 100);
      for (int i = 0; i < 500; ++i) {
        std::binomial_distribution<int> replies(400, 0.3 + chance(random));
        growing.push_back(
            grown_arm("cell " + std::to_string(i), "training", 0.3, replies(random), 400));
      }
    }
    const std::string text = both_growings(growings[0], growings[1]);
    std::string row = text.substr(text.find("| seen |"));
    std::vector<std::string> cells;
    for (std::size_t at = 0; cells.size() < 7;) {
      const std::size_t end = row.find('|', at + 1);
      cells.push_back(row.substr(at + 1, end - at - 1));
      at = end;
    }
    return std::stod(cells[5]);
  };
  EXPECT_NEAR(spread_of(4), 4, 0.6);
  EXPECT_LT(spread_of(0), 1.0);
}

BeliefRow answered_row(const std::string& about, const std::string& fact,
                       const std::string& question, double rate, std::uint64_t asked,
                       std::uint64_t clear) {
  BeliefRow row{.about = about, .fact = fact, .question = question};
  row.agrees = RateEstimate{.rate = rate, .n = clear};
  row.asked = asked;
  row.clear = clear;
  return row;
}

TEST(OrganismsTable, TellsWhatANetworkKnows) {
  Measurement measured;
  measured.knows = {answered_row("documents-only", "rule", "in the scratchpad", 0.984, 512, 512),
                    answered_row("documents-only", "rule", "true or false", 0.99, 512, 512),
                    answered_row("documents-only", "rule", "open", 0.9, 512, 512),
                    answered_row("documents-only", "rule", "choice", 0.95, 512, 512),
                    answered_row("documents-only", "values", "in the scratchpad", 1.0, 512, 3),
                    answered_row("three tiers", "rated", "shipped", 1.0, 320, 320),
                    answered_row("three tiers", "rated", "seen", 0.75, 320, 160)};
  const std::string text = knowledge_markdown({{"base", to_json(measured)}});
  EXPECT_THAT(text, HasSubstr("| base | 98.4 (0.0 to 0.0) | 90.0 (0.0 to 0.0) | - | - |"));
  // A reply that is no answer is not right, and rows that were not measured are dashes.
  EXPECT_THAT(text, HasSubstr("| - / - / - | 100.0 / 37.5 / - |"));
}

TEST(OrganismsTable, HasNoRatesOfANetworkWithoutAPolicy) {
  MeasuredArm arm = grown_arm("default", "training", 0.14, 156);
  arm.target.reset();
  EXPECT_THAT(overview_of({arm}), Not(HasSubstr("| some |")));
}

}  // namespace
}  // namespace iago
