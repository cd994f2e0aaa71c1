// Alarms: what ends a training, because what comes after it would mean nothing. Each is a rule on
// the steps so far, in one table (alarms.cc). Pure.
//
// A saturated reward is no alarm: it is what a training is for, and whether the gap stays then is
// its finding (stats/saturation.h).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "figures/training.h"

namespace iago {

struct AlarmLimits {
  // Sampler and trainer compute the same by different code; rounding is far below this. Nats.
  double log_prob_difference = 0.01;
  std::size_t window = 10;              // steps that a state has to last, where it has to
  double largest_reward = 1;            // of an answer
  double without_variance_below = 0.8;  // of the largest reward
  double answers_to_a_prompt = 16;
  double least_different = 1.5;                   // answers to a prompt
  double most_kl = 50;                            // nats of an answer
  double most_gradient = 100;                     // norm before clipping
  double most_unclear = 0.2, unclear_rise = 0.1;  // shares of the answers
};

// KL at which the penalty is twice the largest reward: the policy is then worse off by its own
// objective than it was before the training, whatever it earns. At least 1 nat, at most 50.
double most_kl_for(double kl_weight, double largest_reward);

struct Alarm {
  std::string name;  // "stale-weights"
  std::string text;  // what was seen, and what to do
};

// The first of the table that the steps raise; absent if none does.
std::optional<Alarm> first_alarm(std::span<const TrainingStep> steps, const AlarmLimits& limits);

}  // namespace iago
