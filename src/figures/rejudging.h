// The result of judging a stored run again. Plain values; run/rejudge.h makes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "figures/budget_report.h"
#include "figures/summary.h"
#include "record/grading_count.h"

namespace iago {

struct Rejudged {
  std::string name, hash;
  bool is_new = false;        // the run had no verdict of this version
  std::uint64_t judged = 0;   // verdicts given now
  std::uint64_t waiting = 0;  // answered completions left without one (stopped, or failed)
  GradingCount count = {};    // of this session
  GradingTotals stored = {};  // of all sessions
};

struct RejudgeResult {
  std::vector<Rejudged> judges;
  Summary summary;
  bool interrupted = false;
  std::optional<BudgetReport> budget = {};  // if there were limits
};

// What `iago judge --json` prints.
Json to_json(const RejudgeResult& result);

}  // namespace iago
