// The gradient of the policy-gradient estimate for some groups of a batch.
#pragma once

#include <deque>
#include <span>

#include "nn/torch/net.h"
#include "train/internal/objective.h"
#include "train/policy_gradient.h"

namespace iago {

// One objective for each group of the batch, with equal shares for groups and within them.
std::deque<GroupObjective> objectives_of(std::span<const AnswerGroup> groups,
                                         const PolicyGradientOptions& options);

// Adds to `gradient` (of a network of this config) minus the gradient of the estimate, by the
// groups `chosen`, and tells their objectives what was found. `start` are views of the starting
// policy.
void accumulate_groups(std::span<const AnswerGroup> groups, std::span<const std::size_t> chosen,
                       const LlamaConfig& config, const WeightViews& start,
                       std::deque<GroupObjective>& objectives, GradientBuffer& gradient);

}  // namespace iago
