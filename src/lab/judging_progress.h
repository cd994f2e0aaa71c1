// How far judging has come, told while it goes on: a model that judges may take hours.
#pragma once

#include <cstdint>
#include <functional>
#include <thread>

#include "base/clock.h"
#include "lab/budget.h"
#include "lab/grading.h"
#include "store/store.h"

namespace iago::lab {

struct JudgingProgress {
  std::uint64_t given = 0, due = 0;  // verdicts since the watch began, and all that were to come
  double seconds = 0;                // since then
  BudgetLimits limits = {};          // those of the budget that are set
  Spent spent = {};                  // of it, earlier sessions included
  double budget_seconds = 0;         // of it, earlier sessions included
};

// Answered completions that the judge of that hash has not judged.
std::uint64_t waiting_for(const std::string& judge, const Store& store);
// The same over all judges.
std::uint64_t waiting_for(const std::vector<std::unique_ptr<Judge>>& judges, const Store& store);

// Calls `tell` five times a second from a thread of its own, until it goes. Does nothing without
// `tell`. What it is given must outlive it; the budget may be null.
class JudgingWatch {
 public:
  JudgingWatch(const Grading& grading, std::uint64_t due, const Budget* budget, const Clock& clock,
               std::function<void(const JudgingProgress&)> tell);

 private:
  std::jthread thread_;
};

}  // namespace iago::lab
