// An update has one pass, or several with clipping. A pass computes every group once by the policy
// and once, without gradients, by the starting policy; both are needed at the same rows, so they
// share the forest. A group lies in one micro-batch as a whole, because the baseline of each of its
// tokens needs the divergence of all: the weights of the gradient are chosen between the pass
// forward and the pass back (GradientBuffer::accumulate).
//
// A worker writes only to the objectives of the groups that it was given, and sums over groups are
// made afterwards in the order of the batch, so they do not depend on who computed what.
#include "train/policy_gradient.h"

#include <algorithm>
#include <cmath>
#include <deque>

#include "base/error.h"
#include "base/hash.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "train/internal/answer_forest.h"
#include "train/internal/core.h"
#include "train/internal/policy_pass.h"
#include "train/internal/require.h"

namespace iago {
namespace {

CoreOptions core_options(const PolicyGradientOptions& o) {
  return {o.adamw, o.clip_norm, 0, o.workers, o.micro_batch_tokens};
}

void check(const PolicyGradientOptions& o) {
  const auto require = require_option;
  require(o.steps > 0, "steps", "must be above 0");
  require(o.kl_weight >= 0 && std::isfinite(o.kl_weight), "kl_weight",
          "must be a finite number of at least 0");
  if (o.clipping) {
    require(o.clipping->passes >= 1 && o.clipping->passes <= 64, "clipping.passes",
            "must lie in [1, 64]");
    require(o.clipping->range > 0 && o.clipping->range < 1, "clipping.range", "must lie in (0, 1)");
  }
  check_schedule(o.schedule);
  check_core_options(core_options(o));
}

std::string weights_hash(const LlamaNet& net) {
  const std::vector<float> flat = net.flat_parameters();
  return sha256_hex({reinterpret_cast<const char*>(flat.data()), flat.size() * sizeof(float)});
}

}  // namespace

std::string identity(const PolicyGradientOptions& o, const LlamaConfig& config) {
  const ImportanceClipping clipping = o.clipping.value_or(ImportanceClipping{0, 0});
  Hasher hasher;
  hasher.field("policy gradient 1").field(o.data_identity);
  hasher.field(fmt::format("{} {} {} {} {}", o.steps, o.kl_weight, static_cast<int>(o.reward_scale),
                           clipping.passes, clipping.range));
  hasher.field(schedule_identity(o.schedule)).field(core_identity(core_options(o), config));
  if (o.adapter) hasher.field(adapter_identity(*o.adapter));
  return hasher.hex();
}

struct PolicyGradient::State {
  State(LlamaNet& policy_in, PolicyGradientOptions options_in)
      : policy(policy_in),
        options(std::move(options_in)),
        core(policy, core_options(options), options.adapter),
        start(policy.clone()),
        start_hash(weights_hash(start)),
        start_views(view_weights(start.impl().flat, start.config())) {}

  int passes() const { return options.clipping ? options.clipping->passes : 1; }
  double take_pass(std::span<const AnswerGroup> groups, std::deque<GroupObjective>& objectives,
                   std::int64_t number);

  LlamaNet& policy;
  PolicyGradientOptions options;
  TrainingCore core;  // before `start`: it merges the adapter
  LlamaNet start;
  std::string start_hash;
  WeightViews start_views;
  std::int64_t step = 0;
};

// Returns the norm of the gradient.
double PolicyGradient::State::take_pass(std::span<const AnswerGroup> groups,
                                        std::deque<GroupObjective>& objectives,
                                        std::int64_t number) {
  std::vector<std::size_t> lengths;
  for (const AnswerGroup& group : groups) lengths.push_back(token_count(group));
  core.accumulate(lengths, [&](int, GradientBuffer& gradient, std::span<const std::size_t> chosen) {
    accumulate_groups(groups, chosen, policy.config(), start_views, objectives, gradient);
  });
  const double norm = core.sum_gradients();
  if (!std::isfinite(norm)) {
    throw Error(ErrorCode::invalid,
                fmt::format("training diverged at update {} of {}: gradient norm {}; the weights "
                            "are those before it",
                            step, options.steps, norm),
                "lower the learning rate or raise kl_weight, and resume");
  }
  core.step(number, options.schedule.rate(step, options.steps), norm);
  return norm;
}

PolicyGradient::PolicyGradient(LlamaNet& policy, PolicyGradientOptions options) {
  check(options);
  state_ = std::make_unique<State>(policy, std::move(options));
}

PolicyGradient::~PolicyGradient() = default;

PolicyUpdate PolicyGradient::update(std::span<const AnswerGroup> groups) {
  State& s = *state_;
  check_groups(groups, s.policy.config());
  std::deque<GroupObjective> objectives = objectives_of(groups, s.options);
  PolicyUpdate out;
  out.learning_rate = s.options.schedule.rate(s.step, s.options.steps);
  for (int pass = 0; pass < s.passes(); ++pass) {
    const double norm = s.take_pass(groups, objectives, s.step * s.passes() + pass + 1);
    out.gradient_norm = std::max(out.gradient_norm, norm);
  }
  std::int64_t clipped = 0;
  double entropy = 0;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const GroupSums& sums = objectives[g].sums();
    out.answers += static_cast<std::int64_t>(groups[g].answers.size());
    out.answer_tokens += sums.tokens;
    out.reward_mean += objectives[g].share() * sums.reward;
    out.kl += objectives[g].share() * sums.kl;
    out.log_prob_difference = std::max(out.log_prob_difference, sums.log_prob_difference);
    entropy += sums.entropy;
    clipped += sums.clipped;
  }
  const auto tokens = static_cast<double>(out.answer_tokens);
  out.entropy = entropy / tokens;
  out.clipped_share = static_cast<double>(clipped) / (tokens * s.passes());
  out.step = ++s.step;
  return out;
}

std::int64_t PolicyGradient::step() const { return state_->step; }

void PolicyGradient::save(const std::filesystem::path& file) const {
  const State& s = *state_;
  s.core.save(file, {.step = s.step,
                     .identity = identity(s.options, s.policy.config()),
                     .reference = s.start_hash});
}

bool PolicyGradient::restore(const std::filesystem::path& file) {
  State& s = *state_;
  const auto found = s.core.restore(file, identity(s.options, s.policy.config()), s.start_hash);
  if (found) s.step = *found;
  return found.has_value();
}

LoraAdapter PolicyGradient::adapter() const { return state_->core.adapter(); }

}  // namespace iago
