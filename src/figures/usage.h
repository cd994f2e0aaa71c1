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

  // Were all replies counted by the server? If not, the tokens, and what is computed of them, are
  // "at least"; if it counted none, they are unknown.
  bool is_at_least() const { return tokens.uncounted > 0; }
  bool is_unknown() const;
  // The share of the prompt tokens that came from the provider's cache. Absent without any.
  std::optional<double> cache_rate() const;
  // Dollars, as TokenPrice counts them; absent without a price and where the tokens are unknown.
  std::optional<double> cost() const;
  std::optional<double> saved_by_cache() const;
};

// "at least 2,400 prompt tokens (90.0 % from the cache), at least 480 generated; at least $0.0111
// at the prices of 2026-01-01, $0.0003 saved by the cache": the same words wherever they are
// printed.
std::string usage_text(const ModelUsage& usage);

// The subject, then every judge version that asks a model, oldest first. Errors as Store.
std::vector<ModelUsage> usage_of(const Store& store);

}  // namespace iago
