#include "figures/budget_report.h"

#include <nlohmann/json.hpp>

#include "figures/internal/json_parts.h"

namespace iago {
Json to_json(const BudgetReport& budget) {
  return {{"max_cost", or_null(budget.max_cost)},
          {"max_tokens", or_null(budget.max_tokens)},
          {"max_seconds", or_null(budget.max_seconds)},
          {"cost", budget.cost},
          {"tokens", budget.tokens},
          {"assumed_cost", budget.assumed_cost},
          {"assumed_tokens", budget.assumed_tokens},
          {"uncounted_replies", budget.uncounted_replies},
          {"unpriced_tokens", budget.unpriced_tokens},
          {"overlong_replies", budget.overlong_replies},
          {"longest_reply", budget.longest_reply},
          {"ended_by", or_null(budget.ended_by)},
          {"passed", or_null(budget.passed)}};
}

}  // namespace iago
