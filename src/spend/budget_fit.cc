#include "spend/budget_fit.h"

#include <fmt/format.h>

namespace iago {
namespace {

std::string_view verdict_of(double least, double most, double limit) {
  if (most <= limit) return "fits";
  return least > limit ? "cannot fit" : "may end the run before it is complete";
}

}  // namespace

void BudgetFit::Range::add(double spent, double sure, double most_more, double grown) {
  least += spent + sure;
  most += spent + most_more;
  likely += spent * grown;
}

void BudgetFit::add(const std::vector<ModelEstimate>& left, const Spent& spent,
                    std::uint64_t completions) {
  double sure_cost = 0, most_cost = 0, sure_tokens = 0, most_tokens = 0;
  std::uint64_t to_ask = 0;
  for (const ModelEstimate& estimate : left) {
    if (!estimate.price) unpriced_ = estimate.model;
    if (estimate.judge.empty()) to_ask += estimate.requests;
    sure_cost += estimate.sure_cost().value_or(0);
    most_cost += estimate.most_cost().value_or(0);
    sure_tokens += estimate.sure_tokens();
    most_tokens += static_cast<double>(estimate.prompt_tokens + estimate.most_generated);
  }
  // By what each completion took so far, judges included.
  const auto done = static_cast<double>(completions);
  const double grown = completions > 0 ? (done + static_cast<double>(to_ask)) / done : 1;
  knows_likely_ = knows_likely_ && (completions > 0 || to_ask == 0);
  cost_.add(spent.cost, sure_cost, most_cost, grown);
  tokens_.add(static_cast<double>(spent.tokens()), sure_tokens, most_tokens, grown);
  spent_ += spent;
}

std::string BudgetFit::text(const BudgetLimits& limits) const {
  std::string text;
  if (limits.max_cost && !unpriced_.empty()) {
    text += fmt::format("--max-cost: unknown, {} has no price\n", unpriced_);
  } else if (limits.max_cost) {
    const double limit = *limits.max_cost;
    text += fmt::format("--max-cost ${:.2f}: ${:.2f} to ${:.2f} in all, ${:.2f} of it spent: {}",
                        limit, cost_.least, cost_.most, spent_.cost,
                        verdict_of(cost_.least, cost_.most, limit));
    if (knows_likely_) {
      text += fmt::format("; ${:.2f} at the rate so far, which {}", cost_.likely,
                          cost_.likely <= limit ? "fits" : "does not fit");
    }
    text += "\n";
  }
  if (limits.max_tokens) {
    const auto limit = static_cast<double>(*limits.max_tokens);
    text += fmt::format("--max-tokens {}: {:.0f} to {:.0f} in all, {} of them spent: {}",
                        *limits.max_tokens, tokens_.least, tokens_.most, spent_.tokens(),
                        verdict_of(tokens_.least, tokens_.most, limit));
    if (knows_likely_) {
      text += fmt::format("; {:.0f} at the rate so far, which {}", tokens_.likely,
                          tokens_.likely <= limit ? "fits" : "does not fit");
    }
    text += "\n";
  }
  return text;
}

}  // namespace iago
