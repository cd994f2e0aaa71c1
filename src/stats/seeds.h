// What several seeds of one training say together. The seed is the unit: trainings that differ in
// nothing but their seed may end far apart, so completions of one training, however many, say
// nothing of the next. Pure functions, safe from any thread.
//
// The band is simultaneous over all looks of a trajectory: at each, mean +- t s / sqrt(seeds) with
// Student's quantile at the level 1 - 0.05 / looks (Bonferroni; Dunn, 1961, JASA 56:52). A
// bootstrap over five seeds covers 37 to 75 % and is not used. The deviation s is at least what the
// completions behind each seed's figure would make, so that seeds that agree by luck, or that all
// lie at 0, do not make a band of no width.
//
// Some trainings end in one of two places (reasoning that goes, reasoning that stays). Then no seed
// is near the mean, and it is not given. The rule: in the order of their values, the largest
// distance between neighbours is at least 20 points and at least twice the wider spread on its two
// sides. It errs towards two places (of five seeds from one normal distribution with a deviation of
// 5, 10 and 20 points it sees two in 0.0, 3.4 and 13.0 %, by 20,000 draws each), which costs a mean
// and hides no seed.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "stats/interval.h"

namespace iago {

inline constexpr double kPlacesApart = 20;    // points
inline constexpr double kPlacesToSpread = 2;  // times

// A quantity, in points, of each seed at one look.
struct SeedValue {
  double points = 0;
  double sampling_se = 0;  // points: of its completions alone
};

struct SeedSpread {
  std::size_t seeds = 0;
  Interval range;                // from the lowest to the highest seed
  bool two_places = false;       // the rule above; false for fewer than three seeds
  std::optional<double> mean;    // absent where there are two places
  std::optional<Interval> band;  // likewise, and for fewer than two seeds; within `limits`
};

// Absent without a seed. `looks`: how many the trajectory was planned to have.
std::optional<SeedSpread> seed_spread(std::span<const SeedValue> seeds, std::size_t looks,
                                      const Interval& limits);

}  // namespace iago
