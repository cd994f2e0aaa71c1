// A small experiment on documents, for tests.
#pragma once

#include <cstdint>
#include <string>

#include "figures/document_experiment.h"

namespace iago::fixtures {

// Twelve labs of two queries each: six told "free", which comply in `gap` of ten answers more in
// the first arm, six "paid", which do so in the second.
inline GroupedCounts counts_of(std::size_t gap, std::size_t trials = 10) {
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

inline BeliefMeasurement belief(std::size_t agree) {
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

inline ExperimentLook look_at(ExperimentCondition condition, std::uint64_t seed, std::size_t gap,
                       std::size_t agree) {
  return {.state = std::string(name_of(condition)),
          .condition = condition,
          .seed = seed,
          .belief = belief(agree),
          .counts = counts_of(gap),
          .folder = std::string(name_of(condition)) + "/run"};
}

inline DocumentExperimentFigures some_figures() {
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

// Two doses, and a denial of the rule that flips the belief at its second look.
inline DocumentExperimentFigures with_doses_and_denial() {
  DocumentExperimentFigures figures = some_figures();
  for (const std::size_t dose : {1, 8}) {
    figures.looks.push_back({.state = "dose " + std::to_string(dose),
                             .seed = 1,
                             .dose = dose,
                             .belief = belief(dose),
                             .counts = counts_of(dose / 2),
                             .folder = "dose/run"});
  }
  for (const std::int64_t step : {10, 20}) {
    figures.looks.push_back({.state = "rule denied",
                             .seed = 1,
                             .denied = "rule",
                             .step = step,
                             .belief = belief(step == 10 ? 8 : 1),
                             .counts = counts_of(0),
                             .folder = "deny/run"});
  }
  return figures;
}

}  // namespace iago::fixtures
