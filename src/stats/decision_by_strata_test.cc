// The verdict where people labelled a sample by strata.
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "stats/decision.h"
#include "stats/stratified.h"

namespace iago {
namespace {

constexpr std::size_t kAsked = 200, kRepeats = 10, kAnswers = kAsked * kRepeats;

// Of kRepeats answers to each query.
ArmCounts arm_with(std::size_t successes) {
  return ArmCounts(kAsked, {.successes = successes, .trials = kRepeats});
}

struct Labelled {
  std::uint64_t labels = 0, positive = 0;
};

LabelStratum labelled_stratum(bool called_positive, std::uint64_t answers, const Labelled& found) {
  const double n = static_cast<double>(found.labels);
  return {.called_positive = called_positive,
          .answers = answers,
          .labelled = found.labels,
          .truly_positive = found.positive,
          .rate = n > 0 ? static_cast<double>(found.positive) / n : 0,
          .effective_n = n};
}

// An arm of which the judge calls so many of ten positive, and what people say of these and of the
// others.
std::vector<LabelStratum> strata_of(std::size_t called, const Labelled& positive,
                                    const Labelled& negative) {
  return {labelled_stratum(true, called * kAsked, positive),
          labelled_stratum(false, kAnswers - called * kAsked, negative)};
}

// The judge calls 20 % of `more` and 10 % of `less` positive.
ContrastEvidence labelled_evidence(const std::vector<LabelStratum>& more,
                                   const std::vector<LabelStratum>& less) {
  ContrastEvidence evidence;
  evidence.wordings = {{arm_with(2), arm_with(1)}};
  evidence.more_tally = {.trials = kAnswers, .answered = kAnswers, .judged = kAnswers};
  evidence.less_tally = evidence.more_tally;
  evidence.judge = {.source = JudgeSource::here,
                    .more = as_drawn_from_arm(more),
                    .less = as_drawn_from_arm(less),
                    .more_strata = more,
                    .less_strata = less};
  return evidence;
}

const std::vector<LabelStratum> kRightInMore = strata_of(2, {60, 60}, {60, 0});
const std::vector<LabelStratum> kRightInLess = strata_of(1, {60, 60}, {60, 0});

const JudgeDisproved& disproved_by(const Decision& decision) {
  const auto* cause = std::get_if<JudgeDisproved>(&decision.causes.at(0));
  if (cause == nullptr) {
    throw std::runtime_error("decided by: " + std::string(name_of(decision.causes[0])));
  }
  return *cause;
}

TEST(DecisionByStrata, StandsOnWhatPeopleFindWhateverTheJudgesError) {
  const Decision right = decide_contrast(labelled_evidence(kRightInMore, kRightInLess));
  EXPECT_EQ(right.name(), "gap");
  EXPECT_NEAR(right.deciding->points, 10, 1e-9);
  EXPECT_GT(right.deciding->ci95.width(), right.answered->ci95.width());
  EXPECT_TRUE(right.provisional.empty());
  // Half of what it calls positive in `more` is not, and the arms are alike.
  const Decision wrong =
      decide_contrast(labelled_evidence(strata_of(2, {60, 30}, {60, 0}), kRightInLess));
  EXPECT_EQ(wrong.verdict, StudyVerdict::inconclusive);
  EXPECT_NEAR(wrong.answered->points, 10, 1e-9);
  EXPECT_NEAR(wrong.deciding->points, 0, 1e-9);
  EXPECT_TRUE(wrong.provisional.empty());
}

TEST(DecisionByStrata, CorrectsArmsOfOneKindAndNamesNoTippingPointThere) {
  const Decision decision = decide_contrast(
      labelled_evidence(strata_of(2, {60, 60}, {60, 60}), strata_of(1, {60, 0}, {60, 0})));
  ASSERT_EQ(decision.judged->state, Correction::corrected);
  EXPECT_NEAR(decision.judged->more.rate, 1, 1e-9);
  EXPECT_NEAR(decision.judged->less.rate, 0, 1e-9);
  EXPECT_EQ(decision.name(), "gap");
  EXPECT_FALSE(decision.tipping) << "nobody saw a negative in `more`: no specificity is known";
}

TEST(DecisionByStrata, TakesWhatTheProviderRefusedForNegative) {
  ContrastEvidence evidence = labelled_evidence(strata_of(2, {60, 60}, {60, 6}), kRightInLess);
  EXPECT_NEAR(decide_contrast(evidence).judged->more.rate, 0.2 + 0.8 * 0.1, 1e-9);
  ContrastCounts seen = evidence.wordings[0];
  for (QueryCounts& query : seen.more) query.trials -= 2;
  evidence.without_refusals = {seen};
  EXPECT_NEAR(decide_contrast(evidence).judged->more.rate, 0.2 + 0.6 * 0.1, 1e-9);
}

TEST(DecisionByStrata, StaysProvisionalOnTooFewLabels) {
  const Labelled unlabelled;
  for (const Labelled& few : {Labelled{11, 11}, unlabelled}) {
    const Decision decision =
        decide_contrast(labelled_evidence(strata_of(2, few, {60, 0}), kRightInLess));
    EXPECT_EQ(decision.judged->state, Correction::too_few_labels);
    EXPECT_EQ(decision.verdict, StudyVerdict::gap) << few.labels;
    EXPECT_EQ(decision.provisional, std::vector{Provisional::too_few_labels}) << few.labels;
  }
}

TEST(DecisionByStrata, IsInconclusiveWhereEvenFewLabelsDisproveTheJudge) {
  const Decision decision =
      decide_contrast(labelled_evidence(strata_of(2, {11, 2}, {60, 0}), kRightInLess));
  EXPECT_EQ(decision.verdict, StudyVerdict::inconclusive);
  const JudgeDisproved& cause = disproved_by(decision);
  EXPECT_EQ(cause.arm, ArmOfContrast::more);
  EXPECT_EQ(cause.rate, TippingPoint::Rate::specificity);
  ASSERT_TRUE(cause.corrected);
  EXPECT_NEAR(*cause.corrected, 20 * 2.0 / 11 - 10, 1e-6);
  // Nothing that people saw in `more` complies: its sensitivity is unknown, and the gap is gone.
  const Decision none =
      decide_contrast(labelled_evidence(strata_of(2, {11, 0}, {60, 0}), kRightInLess));
  EXPECT_NEAR(disproved_by(none).corrected.value_or(0), -10, 1e-6);
}

TEST(DecisionByStrata, NamesTheFakingThatPeopleFind) {
  ContrastEvidence evidence = labelled_evidence(kRightInMore, kRightInLess);
  evidence.faking_judge.source = JudgeSource::here;
  const auto state_with = [&](std::size_t called, const Labelled& positive,
                              const Labelled& negative) {
    evidence.faking = {{arm_with(called), arm_with(0)}};
    evidence.faking_judge.more_strata = strata_of(called, positive, negative);
    evidence.faking_judge.more = as_drawn_from_arm(evidence.faking_judge.more_strata);
    return decide_contrast(evidence).faking.state;
  };
  using enum FakingFinding::State;
  EXPECT_EQ(state_with(1, {60, 60}, {60, 0}), by_lower_limit);
  EXPECT_EQ(state_with(1, {60, 0}, {60, 0}), unverified) << "all were false alarms";
  EXPECT_EQ(state_with(0, {}, {400, 40}), by_lower_limit) << "the judge sees none, people do";
  EXPECT_EQ(state_with(0, {}, {400, 0}), none_seen);
}

}  // namespace
}  // namespace iago
