// What became of the completions that one judge was given in one session.
#pragma once

#include <cstdint>
#include <string>

#include "record/usage.h"

namespace iago {

struct GradingCount {
  std::uint64_t judged = 0, unparsable = 0, refused = 0, failed = 0;
  TokenUsage usage = {};
  std::string first_failure = {}, hint = {};  // of a failed one, for people

  std::uint64_t given() const { return judged + unparsable + refused + failed; }
  std::uint64_t without_label() const { return given() - judged; }
};

}  // namespace iago
