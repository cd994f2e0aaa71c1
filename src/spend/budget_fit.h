// BudgetFit: how what is left of a study, or of several that share one budget, stands to the
// limits, before anything of it is spent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "spend/budget.h"
#include "spend/forecast.h"

namespace iago {

class BudgetFit {
 public:
  // A run's: what is left of it, what it has spent so far, and on how many completions.
  void add(const std::vector<ModelEstimate>& left, const Spent& spent, std::uint64_t completions);

  // For people, a line for each limit of dollars and tokens that is set: the least and the most
  // that it comes to, what is likely if the run has completions to go by, and whether that fits.
  std::string text(const BudgetLimits& limits) const;

 private:
  struct Range {
    double least = 0, most = 0, likely = 0;  // what is spent included
    void add(double spent, double sure, double most_more, double grown);
  };

  Range cost_, tokens_;
  Spent spent_;
  std::string unpriced_;      // a model without a price, or empty
  bool knows_likely_ = true;  // each run has completions, or asks for none
};

}  // namespace iago
