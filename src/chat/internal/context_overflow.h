// Errors that say that a request does not fit into the model's context, with the numbers that they
// name. Private to the room.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "chat/internal/vendor_error.h"

namespace iago {

struct ContextOverflow {
  enum class Kind {
    prompt,            // the prompt alone is beyond the context
    prompt_and_limit,  // the prompt fits, but not together with max_tokens
    limit,             // max_tokens alone is more than the model may write
    unclear,           // the server names no numbers that tell
  };
  Kind kind = Kind::unclear;
  // Tokens; absent where the server does not say. `context` is the most that is allowed, `total`
  // what was asked for together.
  std::optional<std::uint64_t> prompt, limit, context, total;

  // "the prompt (228 tokens) and max_tokens (8192) exceed the context of 8192 tokens"
  std::string text() const;
  std::string hint() const;
};

// Absent if the error is about something else.
std::optional<ContextOverflow> context_overflow_in(const VendorError& error);

}  // namespace iago
