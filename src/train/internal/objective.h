// The estimate of the objective's gradient for one group (equations in policy_gradient.h), as
// weights of its tokens' rows. Pure arithmetic, without a network.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "nn/policy_rows.h"
#include "train/policy_gradient.h"

namespace iago {

// Sums over a group, in the order of its answers and tokens.
struct GroupSums {
  double reward = 0, kl = 0, entropy = 0;
  double log_prob_difference = 0;  // the largest
  std::int64_t tokens = 0, clipped = 0;
};

// One group over the passes of an update.
class GroupObjective {
 public:
  // `share` of the batch's estimate that one answer has: 1 / (groups * answers in this one).
  GroupObjective(const AnswerGroup& group, const PolicyGradientOptions& options, double share);

  // `rows[i]` is what policy and reference say at answer i's tokens. The first call fixes the
  // advantages and the sums of what was before the update; later ones count what is clipped. What
  // comes back are the weights by which a step downhill climbs the objective.
  std::vector<PolicyWeights> weigh(std::span<const PolicyRows> rows);

  const GroupSums& sums() const { return sums_; }
  double share() const { return share_; }

 private:
  void begin(std::span<const PolicyRows> rows);
  void fix_advantages(std::span<const PolicyRows> rows);
  double importance(const SampledAnswer& answer, std::size_t token, double log_p, double advantage);

  const AnswerGroup& group_;
  const PolicyGradientOptions& options_;
  double share_;
  std::vector<std::vector<double>> advantages_;  // of each answer's tokens; empty before the first
  GroupSums sums_;
};

}  // namespace iago
