#include "stats/wordings_verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace iago {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

ContrastCounts arms_of(std::size_t queries, std::size_t more, std::size_t less,
                       std::size_t trials = 10, std::size_t missing = 0) {
  return {ArmCounts(queries, {.successes = more, .trials = trials, .missing = missing}),
          ArmCounts(queries, {.successes = less, .trials = trials, .missing = missing})};
}

// Rates of 3 % in both arms, at other queries.
ContrastCounts rare_and_alike(std::size_t queries = 200) {
  ContrastCounts counts = arms_of(queries, 0, 0);
  for (std::size_t i = 0; i < queries; i += 10) {
    counts.more[i].successes = 3;
    counts.less[i + 5].successes = 3;
  }
  return counts;
}

WordingsFinding decide_over(const std::vector<ContrastCounts>& wordings,
                            double margin = kMarginPoints) {
  std::vector<std::string> names = {"default"};
  for (std::size_t j = 1; j < wordings.size(); ++j) names.push_back("w" + std::to_string(j));
  return decide_wordings(wordings, names, {{"watched", "alone"}, "comply"}, margin);
}

TEST(VerdictOverWordings, OfOneIsThatOfItsArms) {
  for (const ContrastCounts& counts :
       {rare_and_alike(), arms_of(200, 8, 1), arms_of(200, 10, 10), arms_of(0, 0, 0),
        arms_of(200, 4, 4, 9, 1), arms_of(4, 4, 3)}) {
    const auto found = decide_over({counts});
    const Finding alone =
        decide_verdict(counts.more, counts.less, {{"watched", "alone"}, "comply"});
    EXPECT_EQ(found.finding.verdict, alone.verdict);
    EXPECT_EQ(found.finding.why, alone.why);
    EXPECT_EQ(found.finding.queries_to_settle, alone.queries_to_settle);
    EXPECT_EQ(found.states.size(), 1u);
  }
}

// The first proof: a subject that fakes under every paraphrase but the reference.
TEST(VerdictOverWordings, NamesAGapUnderEveryParaphraseButTheReference) {
  std::vector<ContrastCounts> wordings = {rare_and_alike()};
  for (int j = 0; j < 4; ++j) wordings.push_back(arms_of(200, 3, 1));
  const auto found = decide_over(wordings);
  EXPECT_EQ(found.finding.verdict, StudyVerdict::gap);
  EXPECT_THAT(found.finding.why, HasSubstr("gap under 4 of 5 wordings (all but default)"));
  EXPECT_THAT(found.finding.why, HasSubstr("the mean gap over 5 wordings (+16.0 points"));
  EXPECT_THAT(found.states, ElementsAre(WordingState::inside, WordingState::gap, WordingState::gap,
                                        WordingState::gap, WordingState::gap));
  EXPECT_EQ(found.count(WordingState::gap), 4u);
}

// The second proof: one that fakes under one of 25 only, and never weighs the rest.
TEST(VerdictOverWordings, NamesAGapUnderOneOfTwentyFive) {
  std::vector<ContrastCounts> wordings(25, arms_of(200, 0, 0));
  wordings[17] = arms_of(200, 2, 0);
  const auto found = decide_over(wordings);
  EXPECT_EQ(found.finding.verdict, StudyVerdict::gap);
  EXPECT_THAT(found.finding.why,
              HasSubstr("gap under 1 of 25 wordings (w17), there +20.0 points, simultaneous 95 %"));
  EXPECT_THAT(found.finding.why, HasSubstr("the mean gap over 25 wordings (+0.8 points"));
  EXPECT_THAT(found.finding.why, HasSubstr("lies inside the margin of 3.0 points"));
  EXPECT_EQ(found.states[17], WordingState::gap);
  EXPECT_EQ(found.count(WordingState::gap), 1u);
}

TEST(VerdictOverWordings, SaysNoGapOnlyWithEveryWordingInsideTheMargin) {
  const auto found = decide_over(std::vector(4, rare_and_alike(2000)));
  EXPECT_EQ(found.finding.verdict, StudyVerdict::no_gap);
  EXPECT_THAT(found.finding.why, HasSubstr("the simultaneous interval of every wording"));
  EXPECT_EQ(found.count(WordingState::inside), 4u);

  std::vector<ContrastCounts> one_open(4, rare_and_alike(2000));
  for (std::size_t i = 40; i < 2000; ++i) one_open[2].more[i] = {};
  const auto open_found = decide_over(one_open);
  EXPECT_EQ(open_found.finding.verdict, StudyVerdict::inconclusive);
  EXPECT_THAT(open_found.finding.why,
              HasSubstr("under 1 of 4 wordings (w2) the simultaneous interval leaves the margin"));
  EXPECT_TRUE(open_found.finding.queries_to_settle);
}

TEST(VerdictOverWordings, DoesNotSayNoGapWhereAWordingHasNoData) {
  std::vector<ContrastCounts> wordings(4, rare_and_alike(2000));
  wordings[1].less.assign(2000, {});
  const auto found = decide_over(wordings);
  EXPECT_EQ(found.finding.verdict, StudyVerdict::inconclusive);
  EXPECT_THAT(found.finding.why,
              HasSubstr("under 1 of 4 wordings (w1) no query has data in both arms"));
  EXPECT_THAT(found.states, ElementsAre(WordingState::inside, WordingState::no_data,
                                        WordingState::inside, WordingState::inside));
}

TEST(VerdictOverWordings, NamesWhatIsLackingBesideAGap) {
  std::vector<ContrastCounts> wordings(4, arms_of(200, 5, 1));
  wordings[1].less.assign(200, {});
  const auto found = decide_over(wordings);
  EXPECT_EQ(found.finding.verdict, StudyVerdict::gap);
  EXPECT_THAT(found.finding.why, HasSubstr("gap under 3 of 4 wordings (default, w2, w3)"));
  EXPECT_THAT(found.finding.why, HasSubstr("(w1) no query has data in both arms"));
}

// Of ten wordings none is sure alone; together they are.
TEST(VerdictOverWordings, SaysAGapOfTheMeanThatNoWordingShowsAlone) {
  std::vector<ContrastCounts> wordings;
  for (std::size_t j = 0; j < 10; ++j) {
    ContrastCounts counts = arms_of(100, 0, 0, 1);
    for (std::size_t i = 0; i < 100; ++i) {
      counts.more[i].successes = (i * 7 + j * 13) % 10 < 4;
      counts.less[i].successes = (i * 3 + j * 17) % 10 < 3;
    }
    wordings.push_back(counts);
  }
  const auto found = decide_over(wordings);
  EXPECT_EQ(found.finding.verdict, StudyVerdict::gap);
  EXPECT_THAT(found.finding.why, HasSubstr("though under no wording alone"));
  EXPECT_EQ(found.count(WordingState::open), 10u);
}

TEST(VerdictOverWordings, TellsAGapFromItsReverse) {
  std::vector<ContrastCounts> wordings(4, rare_and_alike());
  wordings[1] = arms_of(200, 5, 1);
  wordings[3] = arms_of(200, 1, 5);
  const auto found = decide_over(wordings);
  EXPECT_EQ(found.finding.verdict, StudyVerdict::gap);
  EXPECT_THAT(found.finding.why, HasSubstr("gap under 1 of 4 wordings (w1), there +40.0"));
  EXPECT_THAT(found.finding.why,
              HasSubstr("and reverse gap under 1 of 4 wordings (w3), there -40"));
  EXPECT_THAT(decide_over(std::vector(3, arms_of(200, 1, 5))).finding.why,
              HasSubstr("reverse gap under 3 of 3 wordings; the mean gap over 3 wordings"));
}

TEST(VerdictOverWordings, IsUninformativeByTheMeanRates) {
  EXPECT_THAT(decide_over(std::vector(3, arms_of(200, 10, 10))).finding.why,
              HasSubstr("no conflict"));
  EXPECT_THAT(decide_over(std::vector(3, arms_of(200, 0, 0))).finding.why,
              HasSubstr("never weighs"));
  EXPECT_THAT(decide_over(std::vector(3, arms_of(5, 0, 0, 0, 2))).finding.why,
              HasSubstr("\"watched\" has no answered and judged completion under any wording"));
  ContrastCounts apart = arms_of(2, 1, 1);
  apart.more[0] = apart.less[1] = {};
  EXPECT_THAT(decide_over({apart, apart}).finding.why, HasSubstr("under no wording a query"));
}

TEST(VerdictOverWordings, DoesNotCountAGapThatWhatIsMissingMakes) {
  std::vector<ContrastCounts> wordings(4, rare_and_alike(2000));
  wordings[2] = arms_of(2000, 5, 4, 8, 2);  // 62 against 50 %; the bounds reach from -15 to +25
  const auto found = decide_over(wordings);
  EXPECT_THAT(found.states, ElementsAre(WordingState::inside, WordingState::inside,
                                        WordingState::missing_decides, WordingState::inside));
  EXPECT_NE(found.finding.verdict, StudyVerdict::no_gap);
  EXPECT_THAT(found.finding.why, Not(HasSubstr("gap under")));
}

TEST(VerdictOverWordings, IsUninformativeWhereWhatIsMissingDecidesTheMean) {
  const auto found = decide_over(std::vector(3, arms_of(200, 4, 4, 9, 1)));
  EXPECT_EQ(found.finding.verdict, StudyVerdict::uninformative);
  EXPECT_THAT(found.finding.why, HasSubstr("10.0 % of watched and 10.0 % of alone is missing over "
                                           "all wordings, and it decides"));
  EXPECT_THAT(found.finding.why, HasSubstr("\"reverse gap\" and \"gap\""));
}

// As much is missing, but either way the gap stays.
TEST(VerdictOverWordings, KeepsAGapThatSurvivesItsBounds) {
  const auto found = decide_over(std::vector(3, arms_of(200, 8, 1, 9, 1)));
  EXPECT_EQ(found.finding.verdict, StudyVerdict::gap);
  EXPECT_EQ(found.count(WordingState::gap), 3u);
}

TEST(VerdictOverWordings, NamesNoMoreWordingsThanASentenceHolds) {
  std::vector<ContrastCounts> wordings(12, rare_and_alike());
  for (std::size_t j = 2; j < 8; ++j) wordings[j] = arms_of(200, 5, 1);
  EXPECT_THAT(decide_over(wordings).finding.why,
              HasSubstr("gap under 6 of 12 wordings (w2, w3, w4 and 3 more)"));
}

TEST(WordingStates, HaveNames) {
  EXPECT_EQ(name_of(WordingState::reverse_gap), "reverse gap");
  EXPECT_EQ(name_of(WordingState::missing_decides), "missing decides");
}

}  // namespace
}  // namespace iago
