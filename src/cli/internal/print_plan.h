// The plan of a study, as `iago plan` and `iago run --dry-run` print it.
#pragma once

#include "cli/internal/context.h"
#include "cli/internal/study_options.h"

namespace iago {

// What the power is computed with.
struct PowerAssumptions {
  double less_rate = 0.03;    // compliance in the second arm of the contrast
  double correlation = 0.05;  // within queries
  double set_sd = 5;          // of the gaps of clusters and groups, points
};

// Prints size, power, cost, time and prompts. Nothing is sampled; with --probe each model behind a
// URL is asked for one token. Returns the exit code.
int print_plan(const StudyOptions& options, const PowerAssumptions& power, const Context& context);

}  // namespace iago
