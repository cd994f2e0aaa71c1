// Mismatches: why trials could not take a completion of another run (reuse.h). Each missed request
// is compared with the nearest one of the other runs. Each difference is reported once for each arm
// and kind of difference.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "figures/mismatches.h"
#include "store/store.h"
#include "study/plan.h"
#include "study/study.h"

namespace iago {

// Explains the missed trials (indices into plan.trials) against the runs; the study is the plan's.
// Reads prompts row by row and no transcripts; memory grows with the plan alone. Errors of Store,
// and invalid if the study that a run's store holds cannot be read.
MismatchReport explain_mismatches(const Plan& plan, const Study& study,
                                  const std::vector<std::size_t>& missed,
                                  const std::vector<Store>& runs);

// The newest runs of that study name under `runs`, newest first, at most kMaxExplainedRuns; without
// `own`. Folders without a readable run are skipped.
inline constexpr std::size_t kMaxExplainedRuns = 20;
std::vector<Store> earlier_runs(const std::filesystem::path& runs, const std::string& study,
                                const std::filesystem::path& own);

// The trials that would take no completion, without running anything. `reuse` are the runs to take
// completions from; if empty, the plan is compared with earlier runs of the study's name in `runs`.
// `own` is the folder of the plan's run, which need not exist. Nothing is written. Errors as
// open_runs and explain_mismatches.
MismatchReport foresee_mismatches(const Plan& plan, const Study& study,
                                  const std::vector<std::filesystem::path>& reuse,
                                  const std::filesystem::path& runs,
                                  const std::filesystem::path& own);

}  // namespace iago
