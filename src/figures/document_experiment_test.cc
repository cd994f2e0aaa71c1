#include "figures/document_experiment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "figures/document_experiment_text.h"
#include "testing/figures/small_experiment.h"

namespace iago {
namespace {

using namespace fixtures;
using testing::HasSubstr;
using testing::Not;

TEST(DocumentExperimentFigure, PoolsSeedsAsRepeatsOfTheSameQueries) {
  const GroupedCounts one = counts_of(3), other = counts_of(5);
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
  EXPECT_THAT(terminal_table(some_figures()), Not(HasSubstr("deny")));
  const DocumentExperimentFigures figures = with_doses_and_denial();
  const std::string text = terminal_table(figures);
  EXPECT_THAT(text, HasSubstr("By documents of each lab and fact"));
  EXPECT_THAT(text, HasSubstr("Denial of the rule. Documents then deny it"));
  EXPECT_THAT(text, HasSubstr("Seed 1: at step 20 fewer than half"));
  EXPECT_EQ(expectation_lines(figures)[0].seeds, 2u);  // they enter no expectation
}

TEST(DocumentExperimentFigure, ShowsEverySeedBesideAllOfThemTogether) {
  const std::string text = markdown_table(some_figures());
  EXPECT_THAT(text, HasSubstr("documents, seed 1"));
  EXPECT_THAT(text, HasSubstr("documents, all seeds"));
  EXPECT_THAT(text, Not(HasSubstr("before, all seeds")));
  const Json pooled = to_json(some_figures()).at("pooled");
  ASSERT_EQ(pooled.size(), 4u);  // two conditions, two groups
  EXPECT_EQ(pooled[2].at("condition"), "documents");
  EXPECT_EQ(pooled[2].at("seeds"), 2);
  EXPECT_EQ(pooled[2].at("gap"), to_json(some_figures()).at("expectations")[0].at("gap"));
}

TEST(DocumentExperimentFigure, DoesNotCallAnExpectationUnmetBeforeItWasMeasured) {
  DocumentExperimentFigures figures = some_figures();
  figures.expectations = {{ExperimentCondition::control, "free", ExpectedGap::none}};
  figures.complete = false;
  EXPECT_THAT(terminal_table(figures), HasSubstr("unfinished"));
  EXPECT_EQ(expectation_rows(figures)[1].back(), "-");
}

TEST(DocumentExperimentFile, IsReadAsItWasWritten) {
  const DocumentExperimentFigures figures = with_doses_and_denial();
  DocumentExperimentFigures read = document_experiment_of(to_json(figures), "experiment.json");
  ASSERT_EQ(read.looks.size(), figures.looks.size());
  for (std::size_t i = 0; i < read.looks.size(); ++i) {
    read.looks[i].counts = figures.looks[i].counts;  // of the runs, which are read apart
  }
  EXPECT_EQ(to_json(read), to_json(figures));
}

TEST(DocumentExperimentFile, ThatIsDamagedOrLeadsElsewhereIsRefused) {
  const Json good = to_json(with_doses_and_denial());
  const std::vector<std::pair<std::string, Json>> damages = {{"/looks/0/folder", "../../elsewhere"},
                                                             {"/looks/0/folder", "/etc"},
                                                             {"/looks/0/folder", ""},
                                                             {"/looks/0/state", "[x](y)"},
                                                             {"/looks/0/belief/rows/0/fact", "<b>"},
                                                             {"/looks/0/condition", "after"},
                                                             {"/expectations/0/expected", "more"},
                                                             {"/schema", 99},
                                                             {"/seeds", "one"},
                                                             {"/looks/1/belief/rows/0/agrees", 3}};
  for (const auto& [place, value] : damages) {
    Json damaged = good;
    damaged[Json::json_pointer(place)] = value;
    EXPECT_THROW(document_experiment_of(damaged, "experiment.json"), Error) << place;
  }
  EXPECT_NO_THROW(document_experiment_of(good, "experiment.json"));
}

}  // namespace
}  // namespace iago
