// What is known of a run's judges before it is judged: which of the measured errors apply to it.
//
// An organism's error was measured on prompts of the world's grammar. A prompt with a sentence
// outside of it may mean nothing to the organism, or something else than to people; then neither
// its rates nor the judges' error are known, and the run says so.
#pragma once

#include <string>
#include <vector>

#include "judge/judge_error.h"
#include "store/store.h"
#include "study/plan.h"

namespace iago {

// The sentences of an organism's prompts that the world's grammar does not know, each once, at most
// kMostForeign of them; empty for any other subject. The second form: of the prompts that a run has
// recorded.
inline constexpr std::size_t kMostForeign = 100;
std::vector<std::string> foreign_sentences(const Plan& plan);
std::vector<std::string> foreign_sentences(const Store& store);

// A sentence for people, which names the first of them; empty without any.
std::string foreign_warning(const std::vector<std::string>& foreign);

// Those of the errors that apply to the subject. Where a prompt has a foreign sentence, an
// organism's errors are there without their counts: so they take the place of what a run recorded
// before, and say that nothing is known.
std::vector<MeasuredJudge> errors_of_run(const JudgedSubject& subject,
                                         const std::vector<std::string>& foreign,
                                         std::vector<MeasuredJudge> all);

}  // namespace iago
