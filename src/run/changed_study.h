// Was a study edited since it was last run? Then the same command would silently begin another run
// and sample everything again, or go on with a run of other queries and count both.
#pragma once

#include <filesystem>
#include <string>

#include "study/study.h"

namespace iago {

// Looks for runs of the same study name, subject and wording under `runs` when the study's own run,
// `run_id`, is not among them. Throws Error invalid when the newest of them differs from the study
// in anything that `overrides` does not name, saying what was and what is; in anything that neither
// says (prompts, the model's files) when no field differs at all. Repeats, limits and arms extend a
// run and are no difference. Folders that hold no readable study.toml are passed over.
//
// Where the study's own run is there (the newest, if it was begun several times), the queries that
// it has recorded have to stand at the head of the study's query set still, in whatever order:
// among the first so many as are recorded or planned. So a set may grow at its end and a limit may
// change, but not a query vanish or give way to another. Error invalid that names the queries;
// errors of Store. A query whose text was edited is refused by the store itself.
void refuse_changed_study(const std::filesystem::path& runs, const LoadedStudy& loaded,
                          const StudyOverrides& overrides, const std::string& run_id);

}  // namespace iago
