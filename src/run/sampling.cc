#include "run/sampling.h"

#include <set>
#include <span>
#include <utility>

namespace iago {
namespace {

// An arm's trials share the long beginning of their prompts, which a provider's cache holds once it
// has read it. Sent all at once, each would be read afresh and paid in full. Moves the first trial
// of each arm of each wording to the front; returns how many those are.
std::size_t put_first_of_arms_first(const Plan& plan, std::vector<std::size_t>& trials) {
  std::set<WordingArm> met;
  auto is_first = [&](std::size_t index) {
    const PlannedPrompt& prompt = plan.prompt_of(plan.trials[index]);
    return met.insert({prompt.wording, prompt.arm}).second;
  };
  std::vector<std::size_t> firsts, others;
  for (std::size_t index : trials) (is_first(index) ? firsts : others).push_back(index);
  trials = firsts;
  trials.insert(trials.end(), others.begin(), others.end());
  return firsts.size();
}

}  // namespace

void sample_trials(const Plan& plan, const Sampling& sampling, std::uint64_t seed,
                   const std::vector<std::size_t>& trials, ChatModel& model,
                   const AskLimits& limits, const Clock& clock,
                   const std::function<void(SampledTrial)>& take,
                   const std::function<void()>& tick) {
  auto order = trials;
  auto ask = [&](std::span<const std::size_t> part) {
    ask_many(
        model, part.size(),
        [&](std::size_t i) { return request_of(plan, plan.trials[part[i]], sampling, seed); },
        limits, clock,
        [&](AskedReply asked) {
          take({part[asked.index], std::move(asked.reply), asked.seconds});
        },
        tick);
  };
  std::size_t firsts = model.info().caches_prompts ? put_first_of_arms_first(plan, order) : 0;
  ask(std::span(order).first(firsts));
  ask(std::span(order).subspan(firsts));
}

}  // namespace iago
