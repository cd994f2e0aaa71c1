// How many completions one judge was given, and what it made of them.
#pragma once

#include <cstdint>
#include <string>

#include "record/usage.h"

namespace iago {

// In one session.
struct GradingCount {
  std::uint64_t judged = 0, unparsable = 0, refused = 0, failed = 0;
  std::uint64_t no_scratchpad = 0;  // nothing was there to be judged
  // The graders' answers "yes" that need a quote, and those without one that stands in the text.
  std::uint64_t yes_to_quote = 0, unquoted = 0;
  TokenUsage usage = {};
  std::string first_failure = {}, hint = {};  // of a failed one, for people

  std::uint64_t given() const { return judged + unparsable + refused + failed + no_scratchpad; }
  std::uint64_t without_label() const { return unparsable + refused + failed; }
};

// Over all sessions of a run.
struct GradingTotals {
  std::string judge;                // its name
  std::uint64_t answered = 0;       // completions, without those that had nothing to be judged
  std::uint64_t without_label = 0;  // of them: unparsable, refused, or no verdict at all
  // More than one in twenty: figures from this judge are not what they seem.
  bool judged_badly() const { return 20 * without_label > answered; }
};

}  // namespace iago
