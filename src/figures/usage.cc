#include "figures/usage.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/model_name.h"
#include "figures/figure_text.h"

namespace iago {

std::optional<double> ModelUsage::cache_rate() const {
  if (tokens.prompt == 0) return std::nullopt;
  // A server may count more from its cache than it was sent.
  return static_cast<double>(std::min(tokens.cached_prompt, tokens.prompt)) /
         static_cast<double>(tokens.prompt);
}

bool ModelUsage::is_unknown() const {
  return is_at_least() && tokens.prompt == 0 && tokens.generated == 0;
}

std::optional<double> ModelUsage::cost() const {
  if (!price || is_unknown()) return std::nullopt;
  return price->price.cost(tokens);
}

std::optional<double> ModelUsage::saved_by_cache() const {
  if (!price || is_unknown()) return std::nullopt;
  return price->price.saved_by_cache(tokens);
}

std::string usage_text(const ModelUsage& usage) {
  if (usage.is_unknown()) {
    return fmt::format("tokens and cost unknown: the server counted none of {} replies",
                       count(usage.tokens.uncounted));
  }
  const std::string_view least = usage.is_at_least() ? "at least " : "";
  std::string text = fmt::format("{}{} prompt tokens", least, count(usage.tokens.prompt));
  if (const auto rate = usage.cache_rate()) {
    text += fmt::format(" ({} from the cache)", percent(*rate));
  }
  text += fmt::format(", {}{} generated; ", least, count(usage.tokens.generated));
  text += usage.price ? fmt::format("{}{} at the prices of {}, {} saved by the cache", least,
                                    dollars(*usage.cost()), usage.price->date,
                                    dollars(*usage.saved_by_cache()))
                      : std::string("cost unknown, because no price is stored");
  if (!usage.is_at_least()) return text;
  return text + fmt::format("; the server did not count {} replies", count(usage.tokens.uncounted));
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
