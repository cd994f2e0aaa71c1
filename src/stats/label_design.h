// How many answers people label in each stratum of a run's arms. Pure, safe from any thread.
//
// A stratum holds the answers of one arm that the judges call alike. Each gets kLeastInStratum
// labels, or all of its answers. Every further label goes where it lowers the variance of the arms'
// rates most: to the stratum with the largest weight times expected deviation over sqrt(n (n + 1)),
// n its labels so far (Neyman, 1934; exact in whole numbers: Wright, 2012, The American
// Statistician 66:217). So the same design with more labels holds the one with fewer. What is
// expected is fixed here, before any label is seen.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace iago {

// With fewer labels in a stratum there is no corrected figure.
inline constexpr std::uint64_t kLeastInStratum = 12;

// Of a judge of which nothing is known: it errs in one answer of ten, in every stratum.
inline constexpr double kExpectedError = 0.1;

// Of answers that the judge finds unclear, this share is expected to be positive.
inline constexpr double kExpectedOfUnclear = 0.25;

struct DesignStratum {
  std::uint64_t answers = 0;
  double weight = 0;  // of its arm's answers, in [0, 1]
  double expected_error = kExpectedError;
};

// The fewest labels that the strata need together.
std::uint64_t fewest_labels(std::span<const DesignStratum> strata);

// Labels by stratum, `labels` together; fewer only where there are no more answers. At least
// fewest_labels (broken: abort).
std::vector<std::uint64_t> allocate_labels(std::span<const DesignStratum> strata,
                                           std::uint64_t labels);

}  // namespace iago
