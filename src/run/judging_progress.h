// How far judging has come, told while it goes on: a model that judges may take hours.
#pragma once

#include <cstdint>
#include <functional>
#include <thread>

#include "base/clock.h"
#include "run/grading.h"
#include "spend/budget.h"

namespace iago {

struct JudgingProgress {
  std::uint64_t given = 0, due = 0;  // verdicts since the watch began, and all that were to come
  double seconds = 0;                // since then
  BudgetFigures budget = {};         // without limits where none are set
};

// Calls `tell` five times a second from a thread of its own, until it goes. Does nothing without
// `tell`. What it is given must outlive it; the budget may be null.
class JudgingWatch {
 public:
  JudgingWatch(const Grading& grading, std::uint64_t due, const Budget* budget, const Clock& clock,
               std::function<void(const JudgingProgress&)> on_progress);

 private:
  std::jthread thread_;
};

}  // namespace iago
