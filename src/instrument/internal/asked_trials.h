// Trials of a plan, asked of a model and read as `iago run` reads them, without a store. Private to
// the room.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "chat/ask_many.h"
#include "judge/judge.h"
#include "store/rows.h"
#include "study/plan.h"

namespace iago {

struct AskedTrials {
  Plan plan;
  std::vector<std::optional<CompletionRow>> completions;  // by trial; absent: no reply
  // Why there was none, by message, and how often; without those that were never asked because
  // the work was stopped.
  std::map<std::string, std::size_t> failures;
  std::string hint;         // what the first failure says to do, or empty
  std::size_t stopped = 0;  // trials that were never asked, or withdrawn
  // The model can serve no request of this kind, and says why: nothing was asked.
  std::string not_served;

  std::size_t answered() const;
  // Why nothing came, as part of a sentence: "3 times: connection refused".
  std::string failure_text() const;
};

// Asks the plan's trials. Throws what ends all work (a wrong key), after the replies that are due.
AskedTrials ask_trials(ChatModel& model, Plan plan, const Sampling& sampling, std::uint64_t seed,
                       const AskLimits& limits, const Clock& clock,
                       const std::function<void(std::size_t done, std::size_t planned)>& tick);

// Queries from all over the set (those within the study's limit), at most `count`, in its order:
// neighbours are often of one topic.
std::vector<Query> spread_queries(const LoadedStudy& loaded, std::size_t count);

// How judges see one of the completions.
JudgeView view_of_trial(const AskedTrials& asked, std::size_t trial);

}  // namespace iago
