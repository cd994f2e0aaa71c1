// What is known of a judge's error in the arms of a run, as the verdict takes it: how the error
// that a store keeps of a judge (record/judge_error.h) applies to this run. Pure functions.
//
// An error counts as measured here if people labelled this run's own texts, or if the truth is the
// grammar's and the texts came of the same weights in arms of the same setting: arms of another
// setting may have the same names and tell something else. Then, and only then, its counts by arm
// are this run's arms'. All else is from elsewhere: planted transcripts, and the same weights in
// another setting. Of those only the counts over all texts apply, as the best guess that there is.
#pragma once

#include <optional>
#include <string_view>

#include "record/contrast.h"
#include "record/judge_error.h"
#include "stats/decision.h"
#include "store/rows.h"

namespace iago {

// "here", "elsewhere", "nowhere".
std::string_view name_of(JudgeSource source);

// Where the error was measured, seen from a run of that setting.
JudgeSource source_of(const JudgeError& error, std::string_view setting);

// Of the judge of a contrast, or of the judge of faking reasoning, in the contrast's two arms. An
// arm without a text of known truth has no counts; one without any text of a kind (an arm in which
// nobody complies) has that kind's from all texts. `nowhere` without a judge.
JudgeEvidence judge_evidence(const std::optional<JudgeRow>& judge, const Contrast& contrast,
                             std::string_view setting);

// The counts by which one arm's rate is corrected: the arm's own where it was measured here, else
// those over all texts. An arm with fewer than kFewestOfAKind texts of one kind (an arm in which
// nobody fakes has nothing to be found) takes that rate from all texts, as if the judge erred there
// as elsewhere: of a handful nothing can be said.
inline constexpr std::uint64_t kFewestOfAKind = 20;
Confusion counts_in_arm(const JudgeError& error, std::string_view arm, std::string_view setting);

}  // namespace iago
