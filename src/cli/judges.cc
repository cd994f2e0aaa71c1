// Judges as the commands open them and speak of them.
#include "judge/judges.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/progress_text.h"
#include "cli/tell.h"
#include "models/subject.h"
#include "spend/spending.h"
#include "text/printable.h"

namespace iago {

OpenedJudges open_judges(const std::vector<std::string>& names, const JudgeModels& models,
                         const Context& context) {
  SubjectOptions options{.organisms = context.data / "organisms",
                         .threads = models.threads,
                         .endpoint = models.endpoint,
                         .options = "--judge-"};
  auto open_model = [&](const std::string& name) -> std::unique_ptr<ChatModel> {
    auto model = open_subject(name, options);
    if (models.budget == nullptr) return model;
    return std::make_unique<BudgetedModel>(std::move(model), *models.budget,
                                           models.prices->of(name));
  };
  return open_judges(names, {.data = context.data, .model = models.name, .open_model = open_model});
}

PriceTable load_prices(const SpendingArguments& spending, const Context& context) {
  return PriceTable::load(spending.prices.empty() ? context.data / "prices.toml" : spending.prices);
}

void check_judge_models(const std::vector<std::string>& names, const std::string& model,
                        const BudgetLimits& limits, const Spent& before, const PriceTable& prices,
                        const Context& context) {
  auto demands = judge_demands(names, context.data, model);
  bool is_asked = std::ranges::any_of(demands, [](const JudgeDemand& demand) {
    return split_judge_name(demand.judge).model.empty();
  });
  if (!model.empty() && !is_asked) {
    throw Error(ErrorCode::invalid,
                fmt::format("no judge asks the model {}: {}", model,
                            demands.empty() ? "rule judges ask none" : "each names its own"),
                "name a rubric: --judge NAME");
  }
  if (limits.any()) {
    refuse_what_cannot_fit(estimate_judges(demands, 0, {}, prices), limits, before, prices);
  }
}

void report_spending(const Spent& spent, const std::string& met, const PriceTable& prices) {
  const TokenUsage& usage = spent.usage;
  if (spent.cost > 0 || usage.cached_prompt > 0 || !met.empty()) {
    const double cached = usage.prompt > 0 ? 100.0 * static_cast<double>(usage.cached_prompt) /
                                                 static_cast<double>(usage.prompt)
                                           : 0;
    tell(fmt::format(
        "spent: {} prompt tokens ({:.0f} % from the cache) and {} generated, ${:.4f} at the "
        "prices of {}; the cache saved ${:.4f}\n",
        usage.prompt, cached, usage.generated, spent.cost, prices.date(), spent.saved_by_cache));
  }
  if (!met.empty()) tell(fmt::format("the budget ended the run: {}\n", met));
}

void report_trouble(std::string_view whose, const ChatModel& model) {
  const auto figures = model.endpoint_figures();
  const std::string text = figures ? trouble_text(*figures) : std::string();
  if (text.empty()) return;
  tell(fmt::format("{} {}: {}\n", whose, printable(model.info().name), text));
}

bool report_unjudged(const std::vector<StoredGrading>& stored,
                     const std::vector<GradingCount>& now) {
  constexpr std::size_t kShown = 400;
  bool badly = false;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    badly = badly || stored[i].judged_badly();
    if (stored[i].without_label == 0) continue;
    const GradingCount& count = now[i];
    tell(fmt::format(
        "{}: {} of {} answers have no label; of {} judged now {} could not be read, {} it refused, "
        "{} failed\n",
        printable(stored[i].judge, kShown), stored[i].without_label, stored[i].answered,
        count.given(), count.unparsable, count.refused, count.failed));
    if (count.failed == 0) continue;
    tell(fmt::format("  the first: {} {}\n  iago judge RUN asks again\n",
                     printable(count.first_failure, kShown), printable(count.hint, kShown)));
  }
  return badly;
}

}  // namespace iago
