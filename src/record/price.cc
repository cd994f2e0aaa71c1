#include "record/price.h"

#include <algorithm>

namespace iago {
namespace {

constexpr double kMillion = 1e6;

}  // namespace

double TokenPrice::cost(const TokenUsage& tokens) const {
  const std::uint64_t special =
      std::min(tokens.prompt, tokens.cached_prompt + tokens.cache_written);
  return (static_cast<double>(tokens.prompt - special) * input +
          static_cast<double>(tokens.cached_prompt) * cache_read +
          static_cast<double>(tokens.cache_written) * cache_write +
          static_cast<double>(tokens.generated) * output) /
         kMillion;
}

double TokenPrice::saved_by_cache(const TokenUsage& tokens) const {
  return (static_cast<double>(tokens.cached_prompt) * (input - cache_read) -
          static_cast<double>(tokens.cache_written) * (cache_write - input)) /
         kMillion;
}

}  // namespace iago
