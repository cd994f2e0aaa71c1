#include "record/usage.h"

namespace iago {

TokenUsage& TokenUsage::operator+=(const TokenUsage& other) {
  prompt += other.prompt;
  cached_prompt += other.cached_prompt;
  cache_written += other.cache_written;
  generated += other.generated;
  uncounted += other.uncounted;
  return *this;
}

}  // namespace iago
