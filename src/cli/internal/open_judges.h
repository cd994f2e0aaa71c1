// Judges as the commands open them: by name, the models that they ask reached as the command line
// says and kept to its budget.
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

// The models that judges ask: which, how reached, and within what budget (none if absent; it must
// outlive the judges).
struct JudgeModels {
  std::string name;  // of judges that name none themselves
  std::size_t threads = 0;
  EndpointSettings endpoint = {};
  Budget* budget = nullptr;
  const PriceTable* prices = nullptr;
};

// The study's or the command line's judges, the models that they ask opened.
OpenedJudges open_judges(const std::vector<std::string>& names, const JudgeModels& models,
                         const Context& context);

// Before anything is asked. Error invalid for a model (--judge-model) that none of the judges asks,
// for a limit in dollars where a judge's model has no price, and for one that is met already.
void check_judge_models(const std::vector<std::string>& names, const std::string& model,
                        const BudgetLimits& limits, const Spent& before, const PriceTable& prices,
                        const Context& context);

}  // namespace iago
