#include "testing/stats/simulated_judge.h"

#include <fmt/core.h>

#include "stats/judged_gap.h"

namespace iago {
namespace {

struct JudgedArm {
  ArmCounts counts;
  Confusion labels;
};

// A label falls on each answer with the same chance, whatever the judge said.
JudgedArm judge(const ArmCounts& truth, const SimulatedJudge& judge, double labelled,
                Random& random) {
  JudgedArm arm{truth, {}};
  for (QueryCounts& query : arm.counts) {
    std::size_t called = 0;
    for (std::size_t i = 0; i < query.trials; ++i) {
      const bool is_positive = i < query.successes;
      const bool is_called = random.chance(is_positive ? judge.sensitivity : 1 - judge.specificity);
      called += is_called;
      if (random.chance(labelled)) arm.labels.add(is_positive, is_called);
    }
    query.successes = called;
  }
  return arm;
}

}  // namespace

JudgedCoverage simulate_judged(const JudgedDesign& design, int studies, std::uint64_t seed) {
  const Propensity more(design.more, design.correlation), less(design.less, design.correlation);
  Random random(seed, fmt::format("judged {} {} {}", design.more, design.less, design.labels));
  const SimulatedArm repeated;
  const double labelled =
      static_cast<double>(design.labels) / static_cast<double>(design.queries * repeated.repeats);
  const double truth = 100 * (more.mean() - less.mean());
  JudgedCoverage found;
  int corrected = 0;
  for (int study = 0; study < studies; ++study) {
    const SimulatedPair pair =
        simulate_pair(more, repeated, less, repeated, design.queries, Tie::same, random);
    const JudgedArm a = judge(pair.more, design.in_more, labelled, random);
    const JudgedArm b = judge(pair.less, design.in_less, labelled, random);
    const JudgedGap gap =
        judged_gap(*estimate_rate(a.counts), *estimate_rate(b.counts),
                   *estimate_gap_without_test(a.counts, b.counts), a.labels, b.labels);
    found.too_few +=
        gap.state == Correction::too_few_labels || gap.state == Correction::not_measured;
    found.contradicted += gap.state == Correction::contradicted;
    if (gap.state != Correction::corrected) continue;
    ++corrected;
    found.covered += gap.ci95.contains(truth);
    found.points += gap.ci95.width();
  }
  if (corrected > 0) found.points /= corrected;
  return found;
}

}  // namespace iago
