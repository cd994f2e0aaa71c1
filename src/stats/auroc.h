// How well a score ranks the positive above the negative: the area under the receiver operating
// characteristic, and thresholds from it. Pure functions, safe from any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "stats/interval.h"

namespace iago {

struct Auroc {
  double area = 0;  // [0, 1]: chance that a positive scores above a negative, a tie counting half
  Interval ci95;    // within [0, 1], never of width 0
  std::size_t positives = 0, negatives = 0;
};

// Absent without a score on either side. Scores are finite (broken: abort).
//
// The area is Mann and Whitney's statistic over the number of pairs. The interval is Newcombe's
// method 5 (2006, Statistics in Medicine 25:559): Hanley and McNeil's variance at the unknown area,
// with (m + n) / 2 - 1 in place of both sample sizes, inverted as a score interval. Unlike DeLong's
// it has a width where the two sides are perfectly apart.
std::optional<Auroc> auroc(std::span<const double> positives, std::span<const double> negatives);

struct ThresholdAtRate {
  double threshold = 0;            // called positive from this score on; may be above every score
  double false_positive_rate = 0;  // of the negatives, at most the rate asked for
  double sensitivity = 0;          // of the positives
};

// The lowest threshold among the scores, or just above the highest, at which at most that share of
// the negatives is called positive. Absent without a score on either side.
std::optional<ThresholdAtRate> threshold_at(double false_positive_rate,
                                            std::span<const double> positives,
                                            std::span<const double> negatives);

}  // namespace iago
