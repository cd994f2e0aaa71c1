// Judging again what is stored: nothing is sampled, and verdicts of a new judge version stand
// beside the old ones.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "figures/rejudging.h"
#include "judge/judge.h"
#include "judge/judge_error.h"
#include "run/grading.h"
#include "run/judging_progress.h"
#include "spend/prices.h"

namespace iago {

struct RejudgeOptions {
  std::vector<MeasuredJudge> judge_errors;  // known errors, for any subject
  ReasoningOf reasoning = ReasoningOf::complying;
  std::stop_token stop;                // no further completion is given to a judge
  const PriceTable* prices = nullptr;  // what the models cost, to be stored with the run
  std::function<void(const JudgingProgress&)> on_progress = {};  // some five times a second
  const Budget* budget = nullptr;  // what the judges' models were opened within, for the progress
};

// The names of the judges that the run was judged by, in the order of their recording.
std::vector<std::string> judge_names(const std::filesystem::path& folder);

// Gives every answered completion of the run that a judge has not judged yet to that judge, and
// writes a new summary, which uses the newest version of each planned judge. If it is stopped, the
// same call resumes. Errors as Store and StoreWriter: overloaded while another process writes.
RejudgeResult rejudge(const std::filesystem::path& folder,
                      const std::vector<std::unique_ptr<Judge>>& judges,
                      const RejudgeOptions& options, const Clock& clock);

}  // namespace iago
