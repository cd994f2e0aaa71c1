// Was a study edited since it was last run? Then the same command would silently begin another run
// and sample everything again.
#pragma once

#include <filesystem>
#include <string>

#include "study/study.h"

namespace iago::lab {

// Looks for runs of the same study name, subject and variant under `runs` when the study's own run,
// `run_id`, is not among them. Throws Error invalid when the newest of them differs from the study
// in anything that `overrides` does not name, saying what was and what is; in anything that neither
// says (prompts, the model's files) when no field differs at all. Repeats, limits and arms extend a
// run and are no difference. Folders that hold no readable study.toml are passed over.
void refuse_edited_study(const std::filesystem::path& runs, const LoadedStudy& loaded,
                         const StudyOverrides& overrides, const std::string& run_id);

}  // namespace iago::lab
