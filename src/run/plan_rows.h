// What a run's store is told before anything is sampled: the run, its plan of analysis, and its
// trials.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "judge/judge.h"
#include "judge/judge_error.h"
#include "store/store.h"
#include "store/writer.h"
#include "study/plan.h"
#include "study/study.h"

namespace iago {

// The study with the reference that the run has, so that study.toml and the report name the same
// one. None where this session does not list it: a study's reference is one of its wordings.
Study with_reference_of(const Store& store, Study study);

// The judge that decides the contrasts of a wording, by name: the one that the setting names, where
// the study has it; else its first judge of compliance; else none. `judges` are the study's, in
// its order.
std::string deciding_judge(const LoadedStudy& loaded, const std::string& wording,
                           const std::vector<std::unique_ptr<Judge>>& judges);

RunRow run_row(const LoadedStudy& loaded, const std::string& study_toml, const Plan& plan,
               const std::filesystem::path& folder,
               const std::vector<std::unique_ptr<Judge>>& judges,
               const std::vector<MeasuredJudge>& known_errors, const Clock& clock);

// Records wordings, arms, queries and prompts. `store` is the same run's, for reading.
void record_plan(const LoadedStudy& loaded, const Plan& plan, const Store& store,
                 const std::vector<std::unique_ptr<Judge>>& judges, StoreWriter& writer);

}  // namespace iago
