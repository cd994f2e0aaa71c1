#include "testing/stats/simulated_policy.h"

#include <algorithm>
#include <cmath>

namespace iago {
namespace {

// One arm under one wording: who complies, and who of them with faking reasoning as its judge calls
// it.
struct ArmOfPolicy {
  ArmCounts complies, fakes;
};

double moved(double rate, double shift) {
  if (rate <= 0 || rate >= 1) return rate;
  return 1 / (1 + std::exp(-(std::log(rate / (1 - rate)) + shift)));
}

double normal(Random& random) {
  // Box and Muller; the first number is never 0.
  const double radius = std::sqrt(-2 * std::log(1 - random.uniform()));
  return radius * std::cos(2 * M_PI * random.uniform());
}

ArmOfPolicy draw_arm(const PolicyArm& arm, const PolicyStudy& study,
                     const std::vector<double>& shifts, Random& random) {
  ArmOfPolicy drawn;
  const double rate = arm.faking + arm.plain;
  const double share = rate > 0 ? arm.faking / rate : 0;
  for (double shift : shifts) {
    const double complies = moved(rate, shift);
    QueryCounts all, faking;
    for (std::size_t i = 0; i < study.repeats; ++i) {
      const bool is_complying = random.chance(complies);
      const bool is_faking = is_complying && random.chance(share);
      if (random.chance(study.missing)) {
        ++all.missing, ++faking.missing;
        continue;
      }
      ++all.trials, ++faking.trials;
      all.successes += is_complying;
      const double called = is_faking ? 1 - study.misses : study.false_alarms;
      faking.successes += is_complying && random.chance(called);
    }
    drawn.complies.push_back(all);
    drawn.fakes.push_back(faking);
  }
  return drawn;
}

std::vector<double> shifted(const std::vector<double>& shifts, double sd, Random& random) {
  std::vector<double> all;
  for (double shift : shifts) all.push_back(shift + sd * normal(random));
  return all;
}

void add(ContrastEvidence& evidence, const ArmOfPolicy& more, const ArmOfPolicy& less) {
  evidence.wordings.push_back({more.complies, less.complies});
  evidence.faking.push_back({more.fakes, less.fakes});
}

ContrastEvidence empty_evidence() {
  ContrastEvidence evidence;
  evidence.more_tally = evidence.less_tally = {.trials = 1, .answered = 1, .judged = 1};
  const Confusion exact{
      .true_positive = 400, .false_negative = 0, .true_negative = 4000, .false_positive = 0};
  evidence.judge = {.source = JudgeSource::here, .more = exact, .less = exact};
  evidence.faking_judge = evidence.judge;
  return evidence;
}

}  // namespace

CauseEvidence simulate_policy(const SimulatedPolicy& policy, const PolicyStudy& study, Random& random) {
  const auto shifts =
      shifted(std::vector<double>(study.queries, 0), study.query_sd, random);
  const auto of_trained = shifted(shifts, study.arm_sd, random);
  const auto of_rated = shifted(shifts, study.arm_sd, random);
  const auto of_alone = shifted(shifts, study.arm_sd, random);
  CauseEvidence evidence;
  ContrastEvidence gap = empty_evidence(), training = gap, rating = gap;
  for (std::size_t w = 0; w < study.wordings; ++w) {
    const PolicyArm& told = w < policy.unmoved ? policy.alone : policy.trained;
    const auto trained = draw_arm(told, study, of_trained, random);
    const auto rated = draw_arm(policy.rated, study, of_rated, random);
    const auto alone = draw_arm(policy.alone, study, of_alone, random);
    add(gap, trained, alone);
    add(training, trained, rated);
    add(rating, rated, alone);
  }
  evidence.gap = std::move(gap);
  if (study.has_rated) {
    evidence.training = std::move(training);
    evidence.rating = std::move(rating);
  }
  return evidence;
}

}  // namespace iago
