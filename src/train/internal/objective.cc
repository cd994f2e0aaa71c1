#include "train/internal/objective.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace iago {
namespace {

// Below it a spread of rewards is rounding.
constexpr double kLeastDeviation = 1e-6;

// Each answer's reward less the mean of the others', divided if the options say so by the standard
// deviation of the group (with n - 1; rewards that are all equal give 0).
std::vector<double> reward_advantages(const AnswerGroup& group, RewardScale scale) {
  const auto n = static_cast<double>(group.answers.size());
  double sum = 0, square = 0;
  for (const SampledAnswer& answer : group.answers) sum += answer.reward;
  for (const SampledAnswer& answer : group.answers) square += std::pow(answer.reward - sum / n, 2);
  const double deviation = std::sqrt(square / (n - 1));
  const double divisor = scale == RewardScale::standardised ? deviation + kLeastDeviation : 1;
  std::vector<double> out;
  for (const SampledAnswer& answer : group.answers) {
    out.push_back((answer.reward - (sum - answer.reward) / (n - 1)) / divisor);
  }
  return out;
}

// to_go[i][t] = sum over s > t of answer i's divergence at s.
std::vector<std::vector<double>> divergence_to_go(std::span<const PolicyRows> rows) {
  std::vector<std::vector<double>> out;
  for (const PolicyRows& answer : rows) {
    std::vector<double> to_go(answer.divergence.size(), 0);
    for (std::size_t t = to_go.size(); t-- > 1;) to_go[t - 1] = to_go[t] + answer.divergence[t];
    out.push_back(std::move(to_go));
  }
  return out;
}

// The sum over answers at each position; an answer that has ended adds 0.
std::vector<double> sum_by_position(const std::vector<std::vector<double>>& to_go) {
  std::vector<double> out;
  for (const std::vector<double>& answer : to_go) {
    out.resize(std::max(out.size(), answer.size()), 0);
    for (std::size_t t = 0; t < answer.size(); ++t) out[t] += answer[t];
  }
  return out;
}

}  // namespace

GroupObjective::GroupObjective(const AnswerGroup& group, const PolicyGradientOptions& options,
                               double share)
    : group_(group), options_(options), share_(share) {}

void GroupObjective::fix_advantages(std::span<const PolicyRows> rows) {
  const auto others = static_cast<double>(rows.size()) - 1;
  const std::vector<double> reward = reward_advantages(group_, options_.reward_scale);
  const auto to_go = divergence_to_go(rows);
  const std::vector<double> sum = sum_by_position(to_go);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::vector<double> advantages;
    for (std::size_t t = 0; t < to_go[i].size(); ++t) {
      const double excess = to_go[i][t] - (sum[t] - to_go[i][t]) / others;
      advantages.push_back(reward[i] - options_.kl_weight * excess);
    }
    advantages_.push_back(std::move(advantages));
  }
}

void GroupObjective::begin(std::span<const PolicyRows> rows) {
  fix_advantages(rows);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const SampledAnswer& answer = group_.answers[i];
    sums_.reward += answer.reward;
    sums_.tokens += static_cast<std::int64_t>(answer.tokens.size());
    for (std::size_t t = 0; t < answer.tokens.size(); ++t) {
      sums_.kl += rows[i].divergence[t];
      sums_.entropy += rows[i].entropy[t];
      sums_.log_prob_difference =
          std::max(sums_.log_prob_difference,
                   std::abs(static_cast<double>(answer.log_probs[t]) - rows[i].log_p[t]));
    }
  }
}

// What the advantage is multiplied with: the ratio, or 0 where clipping makes the objective flat.
double GroupObjective::importance(const SampledAnswer& answer, std::size_t token, double log_p,
                                  double advantage) {
  if (!options_.clipping) return 1;
  const double ratio = std::exp(log_p - answer.log_probs[token]);
  const double range = options_.clipping->range;
  const bool flat = advantage > 0 ? ratio > 1 + range : advantage < 0 && ratio < 1 - range;
  if (flat) ++sums_.clipped;
  return flat ? 0 : ratio;
}

std::vector<PolicyWeights> GroupObjective::weigh(std::span<const PolicyRows> rows) {
  if (advantages_.empty()) begin(rows);
  std::vector<PolicyWeights> out(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::size_t tokens = advantages_[i].size();
    out[i].divergence.assign(tokens, static_cast<float>(share_ * options_.kl_weight));
    for (std::size_t t = 0; t < tokens; ++t) {
      const double advantage = advantages_[i][t];
      const double weight = importance(group_.answers[i], t, rows[i].log_p[t], advantage);
      out[i].score.push_back(static_cast<float>(-share_ * weight * advantage));
    }
  }
  return out;
}

}  // namespace iago
