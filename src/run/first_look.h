// A look at a session's first completions: where most of them cannot be used, the run says so while
// there is still money to save. Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "record/outcome.h"

namespace iago {

class FirstLook {
 public:
  static constexpr std::size_t kFirst = 20;

  // `max_tokens`: the limit of each reply.
  explicit FirstLook(int max_tokens) : max_tokens_(max_tokens) {}

  // Takes a completion's outcome. A sentence to show after the kFirst-th, if more than half of them
  // were cut off or could not be read; otherwise empty.
  std::string take(Outcome outcome);

 private:
  const int max_tokens_;
  std::size_t taken_ = 0;
  std::array<std::size_t, kOutcomes.size()> counts_{};
};

}  // namespace iago
