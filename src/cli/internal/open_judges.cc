#include "cli/internal/open_judges.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/error.h"
#include "base/model_name.h"
#include "spend/budgeted_model.h"
#include "spend/forecast.h"

namespace iago {

OpenedJudges open_judges(const std::vector<std::string>& names, const JudgeModels& models,
                         const Context& context) {
  ModelOptions options{.organisms = context.data / "organisms",
                       .threads = models.threads,
                       .endpoint = models.endpoint,
                       .options = "--judge-"};
  auto open_within_budget = [&](const std::string& name) -> std::unique_ptr<ChatModel> {
    auto model = open_model(name, options);
    if (models.budget == nullptr) return model;
    const bool counts = models.counts_local || is_endpoint(name);
    return std::make_unique<BudgetedModel>(std::move(model), *models.budget,
                                           models.prices->of(name),
                                           counts ? Counting::tokens : Counting::nothing);
  };
  return open_judges(
      names, {.data = context.data, .model = models.name, .open_model = open_within_budget});
}

void check_judge_models(const std::vector<std::string>& names, const std::string& model,
                        const BudgetLimits& limits, const Spent& before, const PriceTable& prices,
                        const Context& context) {
  auto demands = judge_demands(names, context.data, model);
  bool is_asked = std::ranges::any_of(demands, [](const JudgeDemand& demand) {
    return split_judge_name(demand.judge).model.empty();
  });
  if (!model.empty() && !is_asked) {
    throw Error(
        ErrorCode::invalid,
        fmt::format("no judge uses the model {}: {}", model,
                    demands.empty() ? "rule judges use no model" : "each judge names its own"),
        "name a rubric: --judge NAME");
  }
  if (limits.any()) {
    refuse_what_cannot_fit(estimate_judges(demands, 0, {}, prices), limits, before, prices);
  }
}

}  // namespace iago
