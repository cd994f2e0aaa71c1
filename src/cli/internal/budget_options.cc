#include "cli/internal/budget_options.h"

#include <CLI/CLI.hpp>

namespace iago {

void BudgetOptions::add_to(CLI::App& command) {
  command.add_option("--max-cost", limits.max_cost, "Spend at most N dollars")
      ->check(CLI::NonNegativeNumber)
      ->group(kBudgetGroup);
  command
      .add_option("--max-tokens", limits.max_tokens,
                  "Use at most N tokens, prompts and replies together")
      ->group(kBudgetGroup);
  command.add_option("--max-time", limits.max_seconds, "Work at most N seconds")
      ->check(CLI::NonNegativeNumber)
      ->group(kBudgetGroup);
  command.add_option("--prices", prices, "A table of prices to use instead of the shipped one")
      ->group(kBudgetGroup);
}

PriceTable BudgetOptions::load_prices(const Context& context) const {
  return PriceTable::load(prices.empty() ? context.data / "prices.toml" : prices);
}

}  // namespace iago
