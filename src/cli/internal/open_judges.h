// Opens a command's judges by name. The models that they ask are reached as the command line says
// and stay within its budget.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/internal/context.h"
#include "judge/open_judges.h"
#include "models/open_model.h"
#include "spend/budget.h"
#include "spend/prices.h"

namespace iago {

// The models that judges ask. `budget` and `prices` must outlive the judges; without a budget
// nothing limits them.
struct JudgeModels {
  std::string name;  // of judges that name none themselves
  std::size_t threads = 0;
  EndpointSettings endpoint = {};
  Budget* budget = nullptr;
  const PriceTable* prices = nullptr;
  // Whether the tokens of models on this machine, which nobody bills, count in the budget.
  bool counts_local = true;
};

// Opens the judges and the models that they ask. Errors of iago::open_judges (judge/open_judges.h).
OpenedJudges open_judges(const std::vector<std::string>& names, const JudgeModels& models,
                         const Context& context);

// To be called before the first request. Error invalid for a model (--judge-model) that none of the
// judges asks, for a limit in dollars where a judge's model has no price, and for one that is met
// already.
void check_judge_models(const std::vector<std::string>& names, const std::string& model,
                        const BudgetLimits& limits, const Spent& before, const PriceTable& prices,
                        const Context& context);

}  // namespace iago
