// What a run asked of models and what that cost, from its store alone: tokens as the providers
// counted them, dollars by the prices that are stored with the run. Completions that were taken
// from other runs are not in it; those runs have paid for them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/store.h"

namespace iago {

struct ModelUsage {
  std::string model;  // as the user named it; empty for a judge whose name tells none
  std::string judge = {}, judge_hash = {};  // empty: the subject
  TokenUsage tokens = {};
  // The newest that a session counted with. Absent for models on this machine, which nobody bills,
  // and for those that no price table had.
  std::optional<PriceRow> price = {};

  // The share of the prompt tokens that came from the provider's cache. Absent without any.
  std::optional<double> cache_rate() const;
  // Dollars, as TokenPrice counts them; absent without a price.
  std::optional<double> cost() const;
  std::optional<double> saved_by_cache() const;
};

// The subject, then every judge version that asks a model, oldest first. Errors as Store.
std::vector<ModelUsage> usage_of(const Store& store);

}  // namespace iago
