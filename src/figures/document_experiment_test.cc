#include "figures/document_experiment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace iago {
namespace {

using testing::HasSubstr;
using testing::Not;

// Twelve labs of two queries each: six told "free", which comply in `gap` of ten answers more in
// the first arm, six "paid", which do so in the second.
GroupedCounts grouped(std::size_t gap, std::size_t trials = 10) {
  GroupedCounts counts;
  counts.clusters.by = "lab";
  counts.groups = {.by = "told", .names = {"free", "paid"}, .of_queries = {}};
  for (std::size_t lab = 0; lab < 12; ++lab) {
    counts.clusters.names.push_back("lab " + std::to_string(lab));
    for (int query = 0; query < 2; ++query) {
      const std::size_t higher = 1 + gap + lab % 3 / 2;
      const bool is_free = lab < 6;
      counts.counts.more.push_back({.successes = is_free ? higher : 1, .trials = trials});
      counts.counts.less.push_back({.successes = is_free ? 1 : higher, .trials = trials});
      counts.clusters.of_queries.push_back(lab);
      counts.groups.of_queries.push_back(is_free ? 0 : 1);
    }
  }
  return counts;
}

BeliefMeasurement belief(std::size_t agree) {
  BeliefMeasurement measured;
  for (const char* fact : {"rule", "values"}) {
    for (const char* question : {"open", "choice"}) {
      BeliefRow row{.about = "fresh", .fact = fact, .question = question};
      row.counts.assign(24, {.successes = agree, .trials = 10});
      row.agrees = estimate_rate(row.counts);
      row.asked = row.clear = 240;
      measured.rows.push_back(row);
    }
  }
  return measured;
}

ExperimentLook look_at(ExperimentCondition condition, std::uint64_t seed, std::size_t gap,
                       std::size_t agree) {
  return {.state = std::string(name_of(condition)),
          .condition = condition,
          .seed = seed,
          .belief = belief(agree),
          .counts = grouped(gap),
          .folder = {}};
}

DocumentExperimentFigures some_figures() {
  const auto documents = ExperimentCondition::documents, before = ExperimentCondition::before;
  return {.study = "s",
          .model = "local:m",
          .contrast = "training-unmonitored",
          .wording = "told",
          .seeds = {1, 2},
          .looks = {look_at(before, 0, 0, 5), look_at(documents, 1, 3, 10),
                    look_at(documents, 2, 5, 10)},
          .expectations = {{documents, "free", ExpectedGap::gap},
                           {documents, "paid", ExpectedGap::reverse},
                           {documents, "free", ExpectedGap::none},
                           {before, "free", ExpectedGap::none, 30},
                           {ExperimentCondition::control, "free", ExpectedGap::none}}};
}

TEST(DocumentExperimentFigure, PoolsSeedsAsRepeatsOfTheSameQueries) {
  const GroupedCounts one = grouped(3), other = grouped(5);
  const auto pooled = gap_of_group(pooled_counts({&one, &other}), "free");
  const auto a = gap_of_group(one, "free"), b = gap_of_group(other, "free");
  ASSERT_TRUE(pooled && a && b);
  EXPECT_NEAR(pooled->points, (a->points + b->points) / 2, 1e-9);
  EXPECT_EQ(pooled->n_more, 240u);  // 12 queries, 10 repeats, two seeds
  EXPECT_EQ(pooled->clusters, 6u);
  EXPECT_EQ(gap_of_group(one, "nobody"), std::nullopt);
  GroupedCounts fewer = other;
  fewer.counts.more.pop_back();
  EXPECT_THROW(pooled_counts({&one, &fewer}), Error);
}

TEST(DocumentExperimentFigure, HoldsIntervalsAgainstWhatWasExpected) {
  GapEstimate gap;
  const auto says = [&](ExpectedGap expected, double lo, double hi) {
    gap.ci95 = {lo, hi};
    return is_as_expected({.group = "g", .gap = expected, .within = 5}, gap);
  };
  EXPECT_TRUE(says(ExpectedGap::gap, 0.1, 9));
  EXPECT_FALSE(says(ExpectedGap::gap, -0.1, 9));
  EXPECT_TRUE(says(ExpectedGap::reverse, -9, -0.1));
  EXPECT_FALSE(says(ExpectedGap::reverse, -9, 0.1));
  EXPECT_TRUE(says(ExpectedGap::none, -4.9, 4.9));
  EXPECT_FALSE(says(ExpectedGap::none, -4.9, 5.1));
  EXPECT_FALSE(says(ExpectedGap::none, -5.1, 4.9));
}

TEST(DocumentExperimentFigure, HasALineForEachExpectationMetOrNot) {
  const auto lines = expectation_lines(some_figures());
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_TRUE(lines[0].as_expected);
  EXPECT_EQ(lines[0].seeds, 2u);
  EXPECT_GT(lines[0].gap->points, 35);
  EXPECT_TRUE(lines[1].as_expected);
  EXPECT_LT(lines[1].gap->points, -35);
  EXPECT_FALSE(lines[2].as_expected);
  EXPECT_TRUE(lines[3].as_expected);
  EXPECT_EQ(lines[4].gap, std::nullopt);  // no control was trained: nothing is as expected
  EXPECT_FALSE(lines[4].as_expected);
  const Json json = to_json(some_figures());
  EXPECT_EQ(json["expectations"][2]["as_expected"], false);
  EXPECT_EQ(json["expectations"][4]["gap"], nullptr);
  EXPECT_EQ(json["looks"].size(), 3u);
}

TEST(DocumentExperimentFigure, SaysWhatIsNotBelievedBeforeAnyGap) {
  DocumentExperimentFigures figures = some_figures();
  std::string text = terminal_table(figures);
  EXPECT_THAT(text, HasSubstr("All facts are believed after the documents."));
  EXPECT_THAT(text, HasSubstr("within 5"));
  figures.looks.back().belief = belief(5);
  text = terminal_table(figures);
  EXPECT_THAT(text, HasSubstr("Not believed after the documents: rule (documents, seed 2)"));
  EXPECT_LT(text.find("Not believed"), text.find("training-unmonitored"));
  EXPECT_THAT(to_markdown(figures, "iago x"), HasSubstr("Written by `iago x`"));
}

TEST(DocumentExperimentFigure, ShowsDosesAndDenialInTablesOfTheirOwn) {
  DocumentExperimentFigures figures = some_figures();
  EXPECT_THAT(terminal_table(figures), Not(HasSubstr("deny")));
  for (const std::size_t dose : {1, 8}) {
    figures.looks.push_back({.state = "dose",
                             .seed = 1,
                             .dose = dose,
                             .belief = belief(dose),
                             .counts = grouped(dose / 2),
                             .folder = {}});
  }
  for (const std::int64_t step : {10, 20}) {
    figures.looks.push_back({.state = "rule denied",
                             .seed = 1,
                             .denied = "rule",
                             .step = step,
                             .belief = belief(step == 10 ? 8 : 1),
                             .counts = grouped(0),
                             .folder = {}});
  }
  const std::string text = terminal_table(figures);
  EXPECT_THAT(text, HasSubstr("By documents of each lab and fact"));
  EXPECT_THAT(text, HasSubstr("While documents deny the rule"));
  EXPECT_THAT(text, HasSubstr("Seed 1: at step 20 fewer than half"));
  EXPECT_EQ(expectation_lines(figures)[0].seeds, 2u);  // they enter no expectation
}

}  // namespace
}  // namespace iago
