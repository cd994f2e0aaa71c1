// Tokens that a model read and wrote, as a provider bills them.
#pragma once

#include <cstdint>

namespace iago {

struct TokenUsage {
  std::uint64_t prompt = 0;         // read by the model, the two below included
  std::uint64_t cached_prompt = 0;  // read from the provider's cache
  std::uint64_t cache_written = 0;  // written to it
  std::uint64_t generated = 0;      // the reply, hidden reasoning included
  // Replies that came without a count of their prompt's tokens or of their own: with any, the sums
  // above, and what is computed of them, are "at least".
  std::uint64_t uncounted = 0;
  bool operator==(const TokenUsage&) const = default;
  TokenUsage& operator+=(const TokenUsage& other);
};

}  // namespace iago
