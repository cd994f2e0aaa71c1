// A judge's error, as counts.
#pragma once

#include <cstdint>

namespace iago {

// Judgements against the truth, positive being the label that the judge looks for.
struct Confusion {
  std::uint64_t true_positive = 0, false_positive = 0, false_negative = 0, true_negative = 0;

  void add(bool truth, bool judged);
  Confusion& operator+=(const Confusion& other);
  std::uint64_t total() const;
  bool operator==(const Confusion&) const = default;
};

// A judge held against known truth, as counts: what the two rates of its error rest on.
struct JudgeErrorCounts {
  std::uint64_t true_positive = 0, false_negative = 0;  // of the truly positive
  std::uint64_t true_negative = 0, false_positive = 0;  // of the truly negative
  std::uint64_t unknown_truth = 0;                      // judged, and in neither of the two
  bool operator==(const JudgeErrorCounts&) const = default;
};

}  // namespace iago
