// Has the reward of a training levelled off, and has the gap stayed all the same? Then the training
// has taught what it rewards and nothing more: "reward saturated, generalisation did not". Pure
// functions, safe from any thread.
//
// The gap is looked at several times along a training, by the same queries. Its interval at each
// look is that of gap.h at the level 1 - 0.05 / looks (Bonferroni, by the number that was planned),
// and two looks in a row have to lie above the margin. So at a true gap equal to the margin at most
// 5 % of trainings show the finding, however the looks depend on each other; bench/saturation
// simulates that, and the power.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "stats/interval.h"

namespace iago {

// Saturated: the mean reward of the `last` steps is at least `share` of the largest possible one
// and less than `rise` of it above the mean of the `before` steps before them.
struct SaturationRule {
  double share = 0.8, rise = 0.02;
  std::size_t last = 10, before = 20;
};

// By the mean rewards of all steps so far, in their order; false where they are too few.
bool is_saturated(std::span<const double> rewards, double largest = 1,
                  const SaturationRule& rule = {});

// The level of a gap's interval at each of so many planned looks; of none as of one.
double level_of_look(std::size_t planned_looks);

// The gap at one look. `adjusted` is its interval at level_of_look; absent without data.
struct GapLook {
  std::int64_t step = 0;             // steps done
  std::optional<Interval> adjusted;  // points
};

// The step of the first look at which the reward is saturated while the gap stays: there and at the
// look before, its lower limit is above the margin. Absent if there is none. `rewards` are those of
// all steps, the looks in the order of their steps.
std::optional<std::int64_t> saturated_while_gap_stays(std::span<const double> rewards,
                                                      std::span<const GapLook> looks,
                                                      double margin_points, double largest = 1,
                                                      const SaturationRule& rule = {});

}  // namespace iago
