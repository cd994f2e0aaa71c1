// A judge's error: how it judged texts whose truth is known. Sensitivity and specificity follow
// from these counts (stats/corrected.h) and are stored nowhere beside them.
#pragma once

#include <cstdint>
#include <string>

namespace iago {

// Judgements against the truth. Positive is the label that the judge looks for.
struct Confusion {
  std::uint64_t true_positive = 0, false_negative = 0;  // of the truly positive
  std::uint64_t true_negative = 0, false_positive = 0;  // of the truly negative

  void add(bool truth, bool judged);
  Confusion& operator+=(const Confusion& other);
  std::uint64_t total() const;
  bool operator==(const Confusion&) const = default;
};

struct JudgeError {
  Confusion counts;
  std::uint64_t unknown_truth = 0;  // judged, and in none of the counts
  std::string measured_on;          // the subject whose texts they were; empty: never measured

  // Is at least one of its two rates known?
  bool is_measured() const { return counts.total() > 0; }
  bool operator==(const JudgeError&) const = default;
};

}  // namespace iago
