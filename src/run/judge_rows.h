// What the store keeps of a run's judges.
#pragma once

#include <vector>

#include "judge/judge.h"
#include "judge/judge_error.h"
#include "store/rows.h"

namespace iago {

// Puts what is known of the judge into its row; `judges` are all of the run. Leaves the row alone
// if nothing is.
void add_known_error(const std::vector<MeasuredJudge>& on_subject,
                     const std::vector<JudgeInfo>& judges, JudgeRow& row);

}  // namespace iago
