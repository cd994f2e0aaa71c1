#include "stats/stratified.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "testing/stats/simulated_labels.h"

namespace iago {
namespace {

// One stratum, each label of a query of its own.
StratumLabels stratum(bool called, double answers, std::size_t positive, std::size_t negative) {
  StratumLabels found{.called_positive = called, .all = {.answers = answers}, .labels = {}};
  for (std::size_t i = 0; i < positive + negative; ++i) {
    found.labels.push_back({i, i < positive, called ? 1.0 : 0.0});
  }
  return found;
}

LabelStratum estimated(bool called, double answers, std::size_t positive, std::size_t negative) {
  return estimate_stratum(stratum(called, answers, positive, negative), LabelEstimator::stratified);
}

RateEstimate raw_rate(double rate, const Interval& ci95) {
  RateEstimate raw;
  raw.rate = rate, raw.ci95 = ci95, raw.clusters = raw.queries = 100;
  return raw;
}

TEST(Stratum, IsTheShareOfItsLabels) {
  const LabelStratum found = estimated(true, 300, 24, 6);
  EXPECT_DOUBLE_EQ(found.rate, 0.8);
  EXPECT_EQ(found.labelled, 30u);
  EXPECT_EQ(found.truly_positive, 24u);
  EXPECT_NEAR(found.effective_n, 29, 1.01) << "labels of different queries are independent";
  EXPECT_EQ(estimated(true, 300, 0, 0).labelled, 0u);
}

TEST(Stratum, CountsLabelsOfOneQueryForLess) {
  StratumLabels alike = stratum(false, 300, 20, 20);
  for (std::size_t i = 0; i < 40; ++i) alike.labels[i].cluster = i / 4;  // each query all alike
  EXPECT_NEAR(estimate_stratum(alike, LabelEstimator::stratified).effective_n, 10, 1.01);
  StratumLabels unseen = stratum(false, 300, 0, 40);
  for (std::size_t i = 0; i < 40; ++i) unseen.labels[i].cluster = i / 4;
  EXPECT_NEAR(estimate_stratum(unseen, LabelEstimator::stratified).effective_n, 40 / (1 + 0.35 * 3),
              1e-9);
}

TEST(StratifiedRate, IsTheWeightedSumOfTheStrata) {
  const LabelStratum strata[] = {estimated(true, 100, 27, 3), estimated(false, 300, 6, 54)};
  const JudgedRate found = stratified_rate(raw_rate(0.25, {0.2, 0.3}), {0.2, 0.3}, strata);
  ASSERT_EQ(found.state, Correction::corrected);
  EXPECT_NEAR(found.rate, 0.25 * 0.9 + 0.75 * 0.1, 1e-12);
  EXPECT_TRUE(found.ci95.contains(found.rate));
  // Refused by the provider, a tenth of what counts is surely negative.
  const JudgedRate seen = stratified_rate(raw_rate(0.25, {0.2, 0.3}), {0.2, 0.3}, strata, 0.9);
  EXPECT_NEAR(seen.rate, 0.25 * 0.9 + 0.65 * 0.1, 1e-12);
}

TEST(StratifiedRate, KeepsABoundWhereNobodyDisagrees) {
  const LabelStratum strata[] = {estimated(true, 100, 30, 0), estimated(false, 300, 0, 60)};
  const JudgedRate found = stratified_rate(raw_rate(0.25, {0.25, 0.25}), {0.25, 0.25}, strata);
  EXPECT_NEAR(found.rate, 0.25, 1e-12);
  EXPECT_NEAR(found.ci95.hi - found.rate, 0.75 * clopper_pearson(0, 60).hi, 1e-12);
  EXPECT_NEAR(found.rate - found.ci95.lo, 0.25 * (1 - clopper_pearson(30, 30).lo), 1e-12);
}

TEST(StratifiedRate, NeedsTwelveLabelsInEachStratumOrAllOfIt) {
  const auto state = [](const LabelStratum& positive, const LabelStratum& negative) {
    const LabelStratum strata[] = {positive, negative};
    return stratified_rate(raw_rate(0.25, {0.2, 0.3}), {0.2, 0.3}, strata).state;
  };
  EXPECT_EQ(state(estimated(true, 100, 12, 0), estimated(false, 300, 0, 12)),
            Correction::corrected);
  EXPECT_EQ(state(estimated(true, 100, 11, 0), estimated(false, 300, 0, 200)),
            Correction::too_few_labels);
  EXPECT_EQ(state(estimated(true, 5, 5, 0), estimated(false, 300, 0, 60)), Correction::corrected);
  EXPECT_EQ(state(estimated(true, 5, 4, 0), estimated(false, 300, 0, 60)),
            Correction::too_few_labels);
  const LabelStratum only_negative[] = {estimated(false, 300, 0, 60)};
  EXPECT_EQ(stratified_rate(raw_rate(0.25, {0.2, 0.3}), {0.2, 0.3}, only_negative).state,
            Correction::too_few_labels)
      << "nothing stands for what the judge calls positive";
  EXPECT_EQ(stratified_rate(raw_rate(0, {0, 0.02}), {0, 0.02}, only_negative).state,
            Correction::corrected);
  EXPECT_EQ(stratified_rate(raw_rate(0.25, {0.2, 0.3}), {0.2, 0.3}, {}).state,
            Correction::not_measured);
}

TEST(AsDrawnFromArm, WeighsTheStrataByTheirAnswers) {
  const LabelStratum strata[] = {estimated(true, 100, 27, 3), estimated(false, 900, 5, 95)};
  // 100 labels of nine tenths are as 111 of all; a tenth of these is called positive.
  EXPECT_EQ(as_drawn_from_arm(strata), (Confusion{10, 5, 95, 1}));
  EXPECT_EQ(as_drawn_from_arm({}), Confusion());
}

TEST(StratifiedGap, CoversTheTruthWithFiftyToFourHundredLabels) {
#ifdef __SANITIZE_ADDRESS__
  constexpr int kStudies = 20;
#else
  constexpr int kStudies = 60;
#endif
  const LabelledDesign designs[] = {
      {.more = 0.133, .less = 0.031, .in_more = {0.5, 0.95}, .in_less = {0.9, 1}, .labels = 50},
      {.more = 0.133, .less = 0.031, .in_more = {0.8, 0.9}, .in_less = {0.5, 0.9}, .labels = 200},
      {.more = 0.5, .less = 0.3, .in_more = {0.7, 1}, .in_less = {1, 0.95}, .labels = 400}};
  for (const LabelledDesign& design : designs) {
    const LabelledCoverage found = simulate_labels(design, kStudies, 5);
    EXPECT_GE(found.covered, 0.93 * kStudies - 2.5 * std::sqrt(0.07 * 0.93 * kStudies))
        << design.labels;
    EXPECT_LT(std::abs(found.bias), 1.5) << design.labels;
    EXPECT_EQ(found.too_few, 0);
  }
}

TEST(PoweredMean, IsThatOfPpiPy) {
  const std::string path = IAGO_SOURCE_DIR "/src/stats/testdata/prediction_powered.json";
  const Json goldens = parse_json(read_file(path, 1 << 20), path);
  EXPECT_GE(goldens.at("cases").size(), 3u);
  for (const Json& golden : goldens.at("cases")) {
    std::vector<PairedLabel> labels;
    for (std::size_t i = 0; i < golden.at("labels").size(); ++i) {
      labels.push_back({i, golden.at("labels")[i] == 1, golden.at("judged")[i]});
    }
    JudgedAnswers all{.answers = static_cast<double>(golden.at("judged_all").size())};
    for (const double judged : golden.at("judged_all")) all.mean += judged / all.answers;
    for (const double judged : golden.at("judged_all")) {
      all.variance += std::pow(judged - all.mean, 2) / all.answers;
    }
    const PoweredMean found = powered_mean(all, labels);
    EXPECT_NEAR(found.mean, golden.at("mean").get<double>(), 1e-9);
    EXPECT_NEAR(found.se, golden.at("se").get<double>(), 1e-9);
    const double n = static_cast<double>(labels.size());
    const double of_labels = found.se * found.se - all.variance / all.answers;
    EXPECT_NEAR(found.clustered_se, std::sqrt(of_labels * n / (n - 1) + all.variance / all.answers),
                1e-9)
        << "each label a cluster";
  }
}

TEST(Stratum, UsesTheJudgesProbabilitiesWhereTheyHelp) {
  StratumLabels powered = stratum(true, 1000, 60, 40);
  for (PairedLabel& label : powered.labels) label.judged = label.is_positive ? 0.9 : 0.3;
  powered.all.mean = 0.62, powered.all.variance = 0.08;
  const LabelStratum plain = estimate_stratum(powered, LabelEstimator::stratified);
  const LabelStratum by_judge = estimate_stratum(powered, LabelEstimator::prediction_powered);
  EXPECT_DOUBLE_EQ(plain.rate, 0.6);
  EXPECT_NEAR(by_judge.rate, 0.62 + (0.6 * 0.1 - 0.4 * 0.3), 1e-12);
  EXPECT_GT(by_judge.effective_n, plain.effective_n);
  EXPECT_LE(by_judge.effective_n, kMostGain * 100);
  // Where four disagree at most, it is the plain share.
  StratumLabels rare = stratum(true, 1000, 96, 4);
  for (PairedLabel& label : rare.labels) label.judged = 0.9;
  rare.all.mean = 0.9, rare.all.variance = 0.01;
  EXPECT_DOUBLE_EQ(estimate_stratum(rare, LabelEstimator::prediction_powered).rate, 0.96);
}

}  // namespace
}  // namespace iago
