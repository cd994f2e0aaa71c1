#include "figures/usage.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/model_name.h"

namespace iago {

std::optional<double> ModelUsage::cache_rate() const {
  if (tokens.prompt == 0) return std::nullopt;
  // A server may count more from its cache than it was sent.
  return static_cast<double>(std::min(tokens.cached_prompt, tokens.prompt)) /
         static_cast<double>(tokens.prompt);
}

std::optional<double> ModelUsage::cost() const {
  return price ? std::optional(price->price.cost(tokens)) : std::nullopt;
}

std::optional<double> ModelUsage::saved_by_cache() const {
  return price ? std::optional(price->price.saved_by_cache(tokens)) : std::nullopt;
}

std::vector<ModelUsage> usage_of(const Store& store) {
  std::vector<ModelUsage> usages = {
      {.model = store.run().subject, .tokens = store.completion_tokens()}};
  const std::map<std::string, TokenUsage> by_judge = store.judge_tokens();
  for (const JudgeRow& judge : store.judges()) {
    const auto model = model_in_judge_name(judge.name);
    const auto found = by_judge.find(judge.hash);
    if (model.empty() && found == by_judge.end()) continue;
    usages.push_back({.model = std::string(model),
                      .judge = judge.name,
                      .judge_hash = judge.hash,
                      .tokens = found == by_judge.end() ? TokenUsage() : found->second});
  }
  std::map<std::string, PriceRow> prices;
  for (PriceRow& price : store.prices()) prices[price.model] = std::move(price);
  for (ModelUsage& usage : usages) {
    auto found = prices.find(usage.model);
    if (found != prices.end()) usage.price = found->second;
  }
  return usages;
}

}  // namespace iago
