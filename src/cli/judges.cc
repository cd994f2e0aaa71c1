// Judges as the commands open them and speak of them.
#include "lab/judges.h"

#include <fmt/format.h>

#include <memory>

#include "cli/commands.h"
#include "cli/tell.h"
#include "lab/subject.h"
#include "report/printable.h"

namespace iago::cli {

lab::OpenedJudges open_judges(const std::vector<std::string>& names, const JudgeModels& models,
                              const Context& context) {
  lab::SubjectOptions options{.organisms = context.data / "organisms",
                              .threads = models.threads,
                              .endpoint = models.endpoint};
  auto open_model = [&](const std::string& name) -> std::unique_ptr<ChatModel> {
    auto model = lab::open_subject(name, options);
    if (models.budget == nullptr) return model;
    return std::make_unique<lab::BudgetedModel>(std::move(model), *models.budget,
                                                models.prices->of(name));
  };
  return lab::open_judges(
      names, {.data = context.data, .model = models.name, .open_model = open_model});
}

lab::PriceTable load_prices(const SpendingArguments& spending, const Context& context) {
  return lab::PriceTable::load(spending.prices.empty() ? context.data / "prices.toml"
                                                       : spending.prices);
}

void report_spending(const lab::Spent& spent, const std::string& met,
                     const lab::PriceTable& prices) {
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

bool report_unjudged(const std::vector<std::unique_ptr<Judge>>& judges,
                     const std::vector<lab::GradingCount>& counts) {
  constexpr std::size_t kShown = 400;
  bool badly = false;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const lab::GradingCount& count = counts[i];
    badly = badly || count.judged_badly();
    if (count.without_label() == 0) continue;
    tell(fmt::format("{}: of {} completions {} could not be read, {} it refused, {} failed\n",
                     printable(judges[i]->info().name, kShown), count.given(), count.unparsable,
                     count.refused, count.failed));
    if (count.failed == 0) continue;
    tell(fmt::format("  the first: {} {}\n  iago judge RUN asks again\n",
                     printable(count.first_failure, kShown), printable(count.hint, kShown)));
  }
  return badly;
}

}  // namespace iago::cli
