// What a command may spend on models, and the prices that count it.
#pragma once

#include <filesystem>

#include "cli/internal/context.h"
#include "spend/budget.h"
#include "spend/prices.h"

namespace CLI {
class App;
}

namespace iago {

// The options' group in the help.
inline constexpr const char* kBudgetGroup =
    "Budget of the whole command, including judges and earlier sessions";

struct BudgetOptions {
  BudgetLimits limits;
  std::filesystem::path prices;  // a table's file; empty: the shipped one

  void add_to(CLI::App& command);
  PriceTable load_prices(const Context& context) const;
};

}  // namespace iago
