// The cases in which organisms are measured: a wording with a query set, each a study of its own
// that runs like any other.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "chat/chat_model.h"
#include "judge/judge.h"
#include "run/run.h"
#include "study/study.h"

namespace iago {

struct StudyCase {
  std::string name, wording, queries;
  bool is_main = false;  // sampled in full; the others a fifth
  bool is_held_out = false;
  bool has_baseline = false;
  bool has_all_tiers = false;  // every arm of the wording but the baseline; else the headline's
  bool is_foreign = false;     // the shipped rule in words that the world's grammar does not know
};

// Those of the shipped setting, and the foreign wordings of organisms/foreign-wordings.
std::span<const StudyCase> measured_cases();
// Error not_found if there is none of that name.
const StudyCase& measured_case(std::string_view name);

// The case's study of a model, with the repeats that give `samples` completions in each arm (a
// fifth of them where the case is not a main one). `data` holds settings/, queries/ and studies/.
LoadedStudy load_case(const StudyCase& study_case, const std::string& model,
                      const std::filesystem::path& data, std::size_t samples);

// Where the studies of cases run and what stops them: what measuring, validating and calibrating
// share.
struct CaseRuns {
  std::filesystem::path data;  // settings/, queries/ and studies/
  std::filesystem::path runs;  // where the runs go; each resumes like any run
  std::stop_token no_more, at_once;
  std::function<void(const std::string& what, const RunProgress&)> on_progress;
};

// Runs the study to its end, its progress reported as that of `what`. Error cancelled, "stopped
// while `doing`", when stopped midway; the same call resumes.
RunResult run_to_end(const LoadedStudy& loaded, ChatModel& model,
                     const std::vector<std::unique_ptr<Judge>>& judges, const CaseRuns& where,
                     const std::string& what, std::string_view doing, const Clock& clock);

}  // namespace iago
