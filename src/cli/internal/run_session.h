// One `iago run`: what its runs share, and how one and several of them are run.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "cli/internal/context.h"
#include "cli/internal/interrupt.h"
#include "cli/internal/study_options.h"
#include "run/run.h"
#include "spend/budget.h"
#include "spend/prices.h"

namespace iago {

struct RunSession {
  const StudyOptions& options;
  std::size_t threads;  // of a local model; 0 = one per core
  const Context& context;
  const InterruptGuard& interrupt;
  const Clock& clock;
  const PriceTable& prices;
  Budget& budget;  // of all its runs together
};

// Runs the study under these overrides (one model) and says on standard error if it resumed an
// earlier run. `place` begins the line of progress: "organism:faker, 1 of 4: ", or nothing. Errors
// of load_study, open_model and run_study. A run that stopped (RunResult::stopped) comes back as a
// result.
RunResult run_one(const RunSession& session, const StudyOverrides& overrides,
                  const std::string& place);

// The exit status of one run: 3 if it falls short in anything (run/shortfall.h).
int exit_code_of(const RunResult& result);

// Runs one after the other, each in its own folder; then prints the comparison. After an error,
// which is printed, the next one runs. Stops when the budget is spent or a run was interrupted.
// Returns the worst exit code, which is 130 if a run was interrupted.
int run_several(const RunSession& session, const std::vector<StudyOverrides>& each);

}  // namespace iago
