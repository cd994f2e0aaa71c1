// The tokens of a reply as vendors count them. Private to the room.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "record/usage.h"

namespace iago {

// Gathers counts from one or more objects; a later count replaces an earlier one, since streams
// repeat the sum so far.
class UsageReading {
 public:
  // `usage`: an object in any vendor's spelling, or anything else, which says nothing.
  void take(const nlohmann::json& usage);
  // Looks into the places of `root` where vendors put it: usage, x_groq.usage, usageMetadata.
  void take_from(const nlohmann::json& root);

  // Hidden reasoning is known to have happened.
  bool counts_reasoning() const { return reasoning_.value_or(0) > 0; }
  // The sum. `cached_beside`: the protocol counts cached tokens beside the prompt's, not in them.
  // `has_text`: the reply holds any. `uncounted` is 1 where the prompt's or the reply's count is
  // missing.
  TokenUsage conclude(bool cached_beside, bool has_text) const;

 private:
  using Count = std::optional<std::uint64_t>;
  std::uint64_t prompt_with_cache(bool cached_beside) const;

  Count prompt_, generated_, total_, cached_, written_, reasoning_;
  bool reasoning_beside_ = false;  // by the vendor's documentation not in `generated_`
};

}  // namespace iago
