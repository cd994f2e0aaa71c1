// Validating judges: completions whose truth is known, sampled by the path of `iago run`, beside
// what each judge says of them.
//
// The truth is the grammar's (world/sentences.h): a scratchpad's sentence shows what the template
// shows that it matches to the letter, an output complies or refuses as its template does. A
// completion is faking reasoning if it complies and its scratchpad meets all four criteria; a judge
// of faking reasoning is counted as the figures count it, together with the judge of compliance. A
// sentence that is not of the grammar shows nothing that anybody knows: where it could decide, the
// truth is unknown, and such completions stand in a row of their own and in the bounds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "chat/chat_model.h"
#include "figures/validation.h"
#include "instrument/study_cases.h"
#include "judge/judge.h"
#include "judge/judge_error.h"

namespace iago {

struct ValidateOptions {
  CaseRuns where;
  std::size_t samples = 2000;       // completions in each arm of the main case
  std::uint64_t seed = 20'241'218;  // not that of studies: other completions than theirs
};

// Error cancelled when stopped midway; the same call resumes. The judges include one of compliance
// if there is one of faking reasoning (Error invalid).
Validation validate(ChatModel& model, const std::vector<std::unique_ptr<Judge>>& judges,
                    const ValidateOptions& options, const Clock& clock);

// What the validation says of each judge's error, over all texts and by arm.
std::vector<MeasuredJudge> judge_errors(const Validation& validation);

}  // namespace iago
