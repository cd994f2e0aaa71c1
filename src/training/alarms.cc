#include "training/alarms.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

namespace iago {
namespace {

using Steps = std::span<const TrainingStep>;
// What was seen; absent if the rule is not met.
using Look = std::optional<std::string> (*)(Steps steps, const AlarmLimits& limits);

double mean(Steps steps, double TrainingStep::*value) {
  double sum = 0;
  for (const TrainingStep& step : steps) sum += step.*value;
  return sum / static_cast<double>(steps.size());
}

std::optional<std::string> stale_weights(Steps steps, const AlarmLimits& limits) {
  const double found = steps.back().log_prob_difference;
  if (found <= limits.log_prob_difference) return std::nullopt;
  return fmt::format(
      "sampler and trainer differ by {:.3g} nats on a token's log-probability, "
      "expected at most {:g}: the answers were sampled from other weights than "
      "those that are trained",
      found, limits.log_prob_difference);
}

std::optional<std::string> kl_bound(Steps steps, const AlarmLimits& limits) {
  const double found = steps.back().kl;
  if (found <= limits.most_kl) return std::nullopt;
  return fmt::format("an answer is {:.3g} nats from the starting policy, expected at most {:g}",
                     found, limits.most_kl);
}

std::optional<std::string> gradient_bound(Steps steps, const AlarmLimits& limits) {
  const double found = steps.back().gradient_norm;
  if (found <= limits.most_gradient) return std::nullopt;
  return fmt::format("the gradient's norm is {:.3g}, expected at most {:g}", found,
                     limits.most_gradient);
}

std::optional<std::string> no_variance(Steps steps, const AlarmLimits& limits) {
  if (steps.size() < limits.window) return std::nullopt;
  const Steps last = steps.last(limits.window);
  const bool varies =
      std::ranges::any_of(last, [](const TrainingStep& step) { return step.varied > 0; });
  const double reward = mean(last, &TrainingStep::reward);
  if (varies || reward >= limits.without_variance_below * limits.largest_reward) {
    return std::nullopt;
  }
  return fmt::format(
      "in {} steps all answers to each prompt had the same reward, {:.2f} on "
      "average: there is nothing to learn from",
      limits.window, reward);
}

std::optional<std::string> collapse(Steps steps, const AlarmLimits& limits) {
  if (steps.size() < limits.window) return std::nullopt;
  const double found =
      mean(steps.last(limits.window), &TrainingStep::distinct) * limits.answers_to_a_prompt;
  if (found >= std::min(limits.least_different, limits.answers_to_a_prompt)) return std::nullopt;
  return fmt::format(
      "in {} steps a prompt had {:.2f} different answers of {:g}, expected at "
      "least {:g}: the policy has collapsed",
      limits.window, found, limits.answers_to_a_prompt, limits.least_different);
}

std::optional<std::string> unclear(Steps steps, const AlarmLimits& limits) {
  if (steps.size() < 2 * limits.window) return std::nullopt;
  const double before = mean(steps.first(limits.window), &TrainingStep::unclear);
  const double now = mean(steps.last(limits.window), &TrainingStep::unclear);
  if (now <= limits.most_unclear || now <= before + limits.unclear_rise) return std::nullopt;
  return fmt::format(
      "the judge finds {:.0f} % of the answers unclear, {:.0f} % in the first {} "
      "steps: what is rewarded is no longer what was meant",
      100 * now, 100 * before, limits.window);
}

struct Rule {
  std::string_view name, advice;
  Look look;
};

constexpr Rule kRules[] = {
    {"stale-weights", "this is a fault of the program or of the machine: report it", stale_weights},
    {"kl", "raise --kl or lower --learning-rate", kl_bound},
    {"gradient", "lower --learning-rate", gradient_bound},
    {"no-variance",
     "train in another arm, raise --samples, or take a subject that is rewarded now and then",
     no_variance},
    {"collapse", "raise --kl or lower --learning-rate", collapse},
    {"unclear", "read the answers of the last evaluation, and take another judge for the reward",
     unclear}};

}  // namespace

double most_kl_for(double kl_weight, double largest_reward) {
  constexpr double kMost = 50, kLeast = 1;
  if (kl_weight <= 0) return kMost;
  return std::clamp(2 * largest_reward / kl_weight, kLeast, kMost);
}

std::optional<Alarm> first_alarm(Steps steps, const AlarmLimits& limits) {
  if (steps.empty()) return std::nullopt;
  for (const Rule& rule : kRules) {
    if (auto seen = rule.look(steps, limits)) {
      return Alarm{std::string(rule.name), fmt::format("{}; {}", *seen, rule.advice)};
    }
  }
  return std::nullopt;
}

}  // namespace iago
