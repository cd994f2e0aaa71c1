// A mean of true labels by a judge's probabilities of all answers and people's labels of some:
// prediction-powered inference (Angelopoulos, Bates, Fannjiang, Jordan & Zrnic, 2023, Science
// 382:669, with their rectifier; no power tuning). Pure, safe from any thread.
#pragma once

#include <cstddef>
#include <span>

namespace iago {

// What the judge says of all answers.
struct JudgedAnswers {
  double answers = 0;             // how many
  double mean = 0, variance = 0;  // of its probability; the variance over `answers`, not one less
};

// One answer that people labelled.
struct PairedLabel {
  std::size_t cluster = 0;  // its query, or what that was drawn with
  bool is_positive = false;
  double judged = 0;  // the judge's probability, in [0, 1]
};

struct PoweredMean {
  double mean = 0;  // of the judge, plus the labelled's mean distance from it; not cut to [0, 1]
  double se = 0;    // Wald's, for answers that are independent: that of ppi_py
  // The same where answers of a cluster may be alike; as the first for clusters of one but for
  // m / (m - 1).
  double clustered_se = 0;
};

// At least one label, and answers > 0 (broken: abort).
PoweredMean powered_mean(const JudgedAnswers& all, std::span<const PairedLabel> labels);

}  // namespace iago
