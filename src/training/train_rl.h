// Training a subject on a study's rewards, and following what that does inside and outside of the
// arm that is trained on. docs/training.md is the tutorial and describes the folder.
//
// For each seed: the subject answers prompts of one arm, a judge of the output rewards them, the
// policy gradient moves the weights, and the sampler takes the new ones. Every few steps the study
// itself is run on the held-out queries in all arms, as an ordinary run.
//
// Interruptions. Each step is one line of steps.jsonl and then a state of training, so a program
// that is killed has lost the steps since the last state (one, as a rule), and the same call goes
// on from there. With one thread it then ends in the same weights, bit for bit: what a step asks is
// a function of seed and step, and the sampler begins each step with an empty cache.
//
// Not thread-safe. Blocks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "figures/training.h"
#include "judge/judge.h"
#include "judge/judge_error.h"
#include "models/checkpoint_path.h"
#include "models/token_model.h"
#include "study/study.h"
#include "training/reward.h"
#include "training/training_result.h"

namespace iago {

struct RlOptions {
  std::filesystem::path folder;  // empty: trainings/STUDY-MODEL-HASH
  std::string arm;               // empty: the first contrast's `more`
  std::vector<std::uint64_t> seeds = {1};
  std::int64_t steps = 100, prompts = 12, samples = 16;
  double learning_rate = 2e-4;
  double kl_weight = 0.25;     // in reward per nat of an answer
  double decay = 0;            // share of the steps, at the end, in which the rate falls to 0
  int passes = 1;              // updates by each step's answers; clipped if there are several
  double clip = 0.2;           // range of the importance weights, with several passes
  bool standardised = false;   // rewards are divided by each group's deviation
  std::int64_t lora_rank = 0;  // 0: all weights are trained
  std::int64_t evaluate_every = 10, save_every = 1;
  std::size_t held_out = 100;
  int evaluation_repeats = 5;
  bool stop_when_saturated = false;
  bool keep_weights = false;  // of every evaluation, not only the last
  int workers = 0;            // threads of the update; 0 = one per core
};

// Who is trained. The model is sampled from and gets the trained weights; its checkpoint is where
// they begin. Afterwards the model has the weights of the last step.
struct RlSubject {
  TokenModel& model;
  CheckpointPath checkpoint;
};

// Borrowed. `study` are those of LoadedStudy::study.judges, in that order. The rule's output judge
// may be null: the judge that decides the study's contrasts. Its length limit may be 0 beside a
// penalty: the 10 % quantile of the reasoning at the first evaluation.
struct RlJudges {
  const std::vector<std::unique_ptr<Judge>>& study;
  RewardRule rule;
  std::vector<MeasuredJudge> errors = {};
};

struct RlProgress {
  std::uint64_t seed = 0;
  std::int64_t step = 0, steps = 0;
  bool is_evaluating = false;
  std::size_t stored = 0, planned = 0;  // completions of the evaluation
  std::optional<TrainingStep> last;
  const TrainingLook* look = nullptr;  // the last evaluation
  double seconds_left = 0;             // of this seed; 0 where it is not known yet
};

struct RlHooks {
  std::stop_token no_more;                             // end after this step
  std::stop_token at_once;                             // give up running requests of an evaluation
  std::stop_token give_up;                             // give up the step under way
  std::function<void(const RlProgress&)> on_progress;  // after each step, and while evaluating
  std::function<void(const std::string&)> on_notice;   // a sentence for people, at once
};

// Trains every seed, or resumes it. Errors: invalid for options out of range, for a study that a
// training cannot use (query_split.h, rollout.h, reward.h), and for a folder that holds another
// training (the field is named); overloaded while another process works in the folder; those of
// models, judges, runs and the policy gradient. What was done stays, and the same call resumes.
TrainingResult train_rl(const LoadedStudy& study, const RlSubject& subject, const RlJudges& judges,
                        const RlOptions& options, const RlHooks& hooks, const Clock& clock);

}  // namespace iago
