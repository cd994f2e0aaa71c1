// What a command's budget came to, as `--json` prints it. Plain values, which the caller fills.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/json.h"

namespace iago {

struct BudgetReport {
  std::optional<double> max_cost;           // dollars
  std::optional<std::uint64_t> max_tokens;  // prompts and replies together
  std::optional<double> max_seconds;
  // All sessions: as providers counted, and what is assumed besides for replies without a count.
  double cost = 0;
  std::uint64_t tokens = 0;
  double assumed_cost = 0;
  std::uint64_t assumed_tokens = 0;
  std::uint64_t uncounted_replies = 0;
  std::uint64_t unpriced_tokens = 0;  // of `tokens`, those of models without a price
  std::uint64_t overlong_replies = 0;
  std::uint64_t longest_reply = 0;  // tokens, of those; 0: there is none
  std::string ended_by;             // the limit that ended the command, in a sentence, or empty
  std::string passed;               // the limits that more was spent than, or empty
};

// Absent limits and sentences are null.
Json to_json(const BudgetReport& budget);

}  // namespace iago
