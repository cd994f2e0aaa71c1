// What tokens cost.
#pragma once

#include "record/usage.h"

namespace iago {

inline constexpr double kMaxPrice = 1e6;  // of TokenPrice's figures

// US dollars for a million tokens.
struct TokenPrice {
  double input = 0, output = 0;
  double cache_read = 0;   // prompt tokens from the provider's cache
  double cache_write = 0;  // prompt tokens written to it

  // Dollars. Prompt tokens that are not reported as cached cost `input`.
  double cost(const TokenUsage& tokens) const;
  // What the same tokens would have cost without a cache, minus what they did; negative where
  // writing cost more than reading saved.
  double saved_by_cache(const TokenUsage& tokens) const;
  bool operator==(const TokenPrice&) const = default;
};

}  // namespace iago
