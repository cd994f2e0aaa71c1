// What `iago run --json` prints, for one run and for several. Plain values, which the caller fills.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "figures/budget_report.h"
#include "figures/comparison.h"
#include "figures/mismatches.h"
#include "figures/summary.h"

namespace iago {

struct FinishedRun {
  Summary summary;
  std::optional<MismatchReport> mismatches;  // if they were asked for
  std::optional<BudgetReport> budget = {};   // if there were limits
};

struct FailedModel {
  std::string model, error;
};

struct SeveralRuns {
  std::vector<FinishedRun> runs;
  std::vector<FailedModel> failed;
  std::optional<Comparison> comparison;     // absent if no run finished
  std::optional<BudgetReport> budget = {};  // of all together, if there were limits
};

// The summary's object; `explained_misses` stands in it where mismatches were asked for, `budget`
// where there were limits.
Json to_json(const FinishedRun& run);
Json to_json(const SeveralRuns& several);

}  // namespace iago
