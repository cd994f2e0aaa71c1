// Was a study edited since its last run? Then the same command would silently start another run and
// sample everything again, or resume a run of other queries and count both.
#pragma once

#include <filesystem>
#include <string>

#include "study/study.h"

namespace iago {

// Looks for runs of the same study name and subject under `runs` when the study's own run,
// `run_id`, is not among them. Throws Error invalid when the newest of them differs from the study
// in a field that `overrides` does not name, with the old and the new value. If no field differs,
// something else does (prompts, the model's files), and that is an error too. Repeats, limits, arms
// and wordings extend a run and are not differences. Folders without a readable study.toml are
// skipped.
//
// If the study's own run exists (the newest, if there are several), its recorded queries must still
// be at the beginning of the study's query set, in any order: among the first N, where N is the
// number recorded or planned. So a set may grow at its end and a limit may change, but no query may
// disappear or be replaced. Error invalid names the queries; also errors of Store. The store itself
// refuses a query whose text was edited. A reference that the study names must be the one that the
// run began with: Error invalid names both.
void refuse_changed_study(const std::filesystem::path& runs, const LoadedStudy& loaded,
                          const StudyOverrides& overrides, const std::string& run_id);

}  // namespace iago
