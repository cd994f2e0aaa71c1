#include "testing/stats/simulated_labels.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <vector>

#include "stats/label_design.h"
#include "testing/stats/simulation.h"

namespace iago {
namespace {

struct Answer {
  std::size_t query = 0;
  bool is_positive = false, is_called = false;
  double judged = 0;  // the judge's probability
};

struct Arm {
  ArmCounts called;
  std::vector<Answer> answers[2];  // by is_called, in random order
};

// A judge that is more sure where it is right.
double probability(bool is_positive, bool is_called, Random& random) {
  const double u = random.uniform();
  if (is_called) return is_positive ? 0.7 + 0.3 * u : 0.5 + 0.4 * u;
  return is_positive ? 0.1 + 0.4 * u : 0.2 * u;
}

// Of one arm, by query: how often the judge errs in its positive and in its negative answers.
struct Errors {
  Errors(const SimulatedJudge& judge, double correlation)
      : missed(1 - judge.sensitivity, correlation), alarms(1 - judge.specificity, correlation) {}
  Propensity missed, alarms;
};

Arm judge(const ArmCounts& truth, const Errors& errors, LabelEstimator estimator, Random& random) {
  Arm arm{.called = truth, .answers = {}};
  for (std::size_t q = 0; q < truth.size(); ++q) {
    const double missed = errors.missed.at(random.below(Propensity::kGrid));
    const double alarms = errors.alarms.at(random.below(Propensity::kGrid));
    arm.called[q].successes = 0;
    for (std::size_t i = 0; i < truth[q].trials; ++i) {
      Answer answer{.query = q, .is_positive = i < truth[q].successes};
      answer.is_called = random.chance(answer.is_positive ? 1 - missed : alarms);
      answer.judged = estimator == LabelEstimator::stratified
                          ? (answer.is_called ? 1 : 0)
                          : probability(answer.is_positive, answer.is_called, random);
      arm.called[q].successes += answer.is_called;
      arm.answers[answer.is_called].push_back(answer);
    }
  }
  for (auto& stratum : arm.answers) random.shuffle(stratum);
  return arm;
}

StratumLabels stratum_of(const std::vector<Answer>& answers, bool is_called, std::size_t labelled) {
  StratumLabels stratum{.called_positive = is_called,
                        .all = {.answers = static_cast<double>(answers.size())},
                        .labels = {}};
  for (const Answer& answer : answers) stratum.all.mean += answer.judged / stratum.all.answers;
  for (const Answer& answer : answers) {
    stratum.all.variance += std::pow(answer.judged - stratum.all.mean, 2) / stratum.all.answers;
  }
  for (std::size_t i = 0; i < labelled; ++i) {
    stratum.labels.push_back({answers[i].query, answers[i].is_positive, answers[i].judged});
  }
  return stratum;
}

// Wald's error of a rate: of the reported rate over queries, and of each stratum's share.
double wald_variance(const RateEstimate& raw, const std::vector<LabelStratum>& strata) {
  double answers = 0, variance = 0;
  double rates[2] = {0, 1};
  for (const LabelStratum& stratum : strata) answers += static_cast<double>(stratum.answers);
  for (const LabelStratum& stratum : strata) {
    if (stratum.labelled == 0) continue;
    rates[stratum.called_positive] = stratum.rate;
    variance += std::pow(static_cast<double>(stratum.answers) / answers, 2) * stratum.rate *
                (1 - stratum.rate) / static_cast<double>(stratum.labelled);
  }
  return variance + std::pow((rates[1] - rates[0]) * raw.se, 2);
}

class LabelledStudy {
 public:
  LabelledStudy(const LabelledDesign& design, Arm more, Arm less)
      : design_(design), arms_{std::move(more), std::move(less)} {}

  void label() {
    std::vector<DesignStratum> plan;
    for (const Arm& arm : arms_) {
      const double all = static_cast<double>(arm.answers[0].size() + arm.answers[1].size());
      for (const auto& answers : arm.answers) {
        plan.push_back({answers.size(), static_cast<double>(answers.size()) / all});
      }
    }
    const auto labels =
        allocate_labels(plan, std::max<std::uint64_t>(design_.labels, fewest_labels(plan)));
    for (std::size_t i = 0; i < plan.size(); ++i) {
      const bool is_called = i % 2 == 1;
      strata_[i / 2].push_back(estimate_stratum(
          stratum_of(arms_[i / 2].answers[is_called], is_called, labels[i]), design_.estimator));
    }
  }

  void add_to(LabelledCoverage& found, double truth) const {
    const auto more = estimate_rate(arms_[0].called), less = estimate_rate(arms_[1].called);
    const auto raw = estimate_gap_without_test(arms_[0].called, arms_[1].called);
    const JudgedGap gap = stratified_gap(*more, *less, *raw, strata_[0], strata_[1]);
    if (gap.state != Correction::corrected) {
      ++found.too_few;
      return;
    }
    const double half =
        100 * normal_critical() *
        std::sqrt(wald_variance(*more, strata_[0]) + wald_variance(*less, strata_[1]));
    found.covered += gap.ci95.contains(truth);
    found.points += gap.ci95.width();
    found.wald_covered += std::abs(gap.points - truth) <= half;
    found.wald_points += 2 * half;
    found.bias += gap.points - truth;
  }

 private:
  const LabelledDesign& design_;
  Arm arms_[2];
  std::vector<LabelStratum> strata_[2];
};

}  // namespace

LabelledCoverage simulate_labels(const LabelledDesign& design, int studies, std::uint64_t seed) {
  const Propensity more(design.more, design.correlation), less(design.less, design.correlation);
  const Errors in_more(design.in_more, design.correlation_of_errors);
  const Errors in_less(design.in_less, design.correlation_of_errors);
  Random random(seed, fmt::format("labels {} {} {} {}", design.more, design.less, design.labels,
                                  design.in_more.sensitivity));
  const SimulatedArm repeated{.repeats = design.repeats};
  const double truth = 100 * (more.mean() - less.mean());
  LabelledCoverage found;
  for (int i = 0; i < studies; ++i) {
    const SimulatedPair pair =
        simulate_pair(more, repeated, less, repeated, design.queries, Tie::same, random);
    LabelledStudy study(design, judge(pair.more, in_more, design.estimator, random),
                        judge(pair.less, in_less, design.estimator, random));
    study.label();
    study.add_to(found, truth);
  }
  if (const int corrected = studies - found.too_few; corrected > 0) {
    for (double LabelledCoverage::*sum :
         {&LabelledCoverage::points, &LabelledCoverage::wald_points, &LabelledCoverage::bias}) {
      found.*sum /= corrected;
    }
  }
  return found;
}

}  // namespace iago
