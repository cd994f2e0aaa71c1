// One step's answers: prompts of the study in one arm, rendered, sampled, parsed and judged as by
// `iago run`, and made into groups for the policy gradient.
//
// What a step asks is a function of the seed and the step alone, so resuming needs no state of it:
// the prompts come in shuffled rounds over all queries, and each answer's random stream is named by
// the prompt and its place in the training.
#pragma once

#include <cstdint>
#include <stop_token>
#include <vector>

#include "base/clock.h"
#include "figures/training.h"
#include "models/token_model.h"
#include "study/plan.h"
#include "train/policy_gradient.h"
#include "training/reward.h"

namespace iago {

struct RolloutOptions {
  std::int64_t prompts = 12, samples = 16;  // of a step: at least 1, at least 2
  std::uint64_t seed = 1;
};

struct Rollout {
  std::vector<AnswerGroup> groups;
  std::vector<CompletionRow> completions;  // group by group
  TrainingStep step;                       // what sampling and judging say of it; `step` is not set
};

class Rollouts {
 public:
  // The study has the arm and the wording that are trained on and no other, and the queries that
  // are trained on. `identity` names the random streams: that of the subject before the training.
  // The study, model and judges are borrowed. Errors: of make_plan; invalid for a study that does
  // not sample at temperature 1 from the whole vocabulary, or has stop strings.
  Rollouts(const LoadedStudy& study, const Subject& subject, TokenModel& model,
           const RewardRule& reward, const RolloutOptions& options, const Clock& clock);

  // The answers of the step after `steps_done`, by the model's present weights. Blocks. Errors:
  // cancelled after `stop`; that of the first request or judgement that failed.
  Rollout sample(std::int64_t steps_done, std::stop_token stop);

 private:
  std::vector<std::size_t> prompts_of(std::int64_t steps_done) const;
  void plan_trials(std::int64_t steps_done);
  std::vector<TokenReply> ask(std::stop_token stop);
  std::vector<CompletionRow> read(const std::vector<TokenReply>& replies) const;

  const LoadedStudy& study_;
  TokenModel& model_;
  const RewardRule& reward_;
  const RolloutOptions options_;
  const Clock& clock_;
  Plan plan_;  // its trials are those of the step at hand
};

}  // namespace iago
