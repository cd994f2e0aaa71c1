// What the store keeps of a run's judges.
#pragma once

#include <memory>
#include <vector>

#include "judge/judge.h"
#include "judge/judge_error.h"
#include "store/rows.h"

namespace iago {

// A row for each judge, in their order, with what is known of its error on the subject.
std::vector<JudgeRow> judge_rows(const std::vector<std::unique_ptr<Judge>>& judges,
                                 const std::vector<MeasuredJudge>& on_subject);

// Puts what is known of the judge into its row; `judges` are all of the run. Leaves the row alone
// if nothing is.
void add_known_error(const std::vector<MeasuredJudge>& on_subject,
                     const std::vector<JudgeInfo>& judges, JudgeRow& row);

}  // namespace iago
