// iago train rl STUDY
#include "cli/internal/train_rl.h"

#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/internal/exit_status.h"
#include "cli/internal/program.h"
#include "cli/internal/query_options.h"
#include "figures/training.h"

namespace iago {
namespace {

void add_study(CLI::App& command, TrainRlArguments& a) {
  command.add_option("study", a.study, "The study's TOML file, or the name of a shipped study")
      ->required();
  command
      .add_option("--model", a.overrides.model,
                  "Who is trained: organism:NAME, local:FOLDER or local:FOLDER+ADAPTER")
      ->required();
  add_query_options(command, a.overrides);
  command.add_option("--held-out", a.held_out, "Queries to evaluate by, which are not trained on")
      ->capture_default_str();
  command
      .add_option(
          "--wording", a.overrides.wordings,
          "A wording of the setting's prompt. The first is trained on; evaluations use all. "
          "Repeat it for several")
      ->allow_extra_args(false);
  command.add_option("--arms", a.overrides.arms, "Arms to evaluate in, separated by commas")
      ->delimiter(',');
  command
      .add_option("--set", a.parameters,
                  "Set a parameter of the setting, as NAME=VALUE. Repeat it for several")
      ->allow_extra_args(false);
  command.add_option("--judge-model", a.overrides.judge_model, "Default model for judges");
}

void add_training(CLI::App& command, TrainRlArguments& a) {
  command.add_option("--arm", a.arm,
                     "The arm to train in (default: the first of the study's contrast)");
  a.seeds.add_to(command);
  command.add_option("--steps", a.steps, "Updates of the weights")
      ->check(CLI::Range(std::int64_t{1}, kMostTrainingSteps))
      ->capture_default_str();
  command.add_option("--prompts", a.prompts, "Prompts of a step")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  command.add_option("--samples", a.samples, "Answers to each prompt")
      ->check(CLI::Range(2, 10'000))
      ->capture_default_str();
  command.add_option("--learning-rate", a.learning_rate, "Of AdamW")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command
      .add_option("--decay", a.decay,
                  "Share of the steps, at the end, in which the learning rate falls to 0")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  auto* passes = command.add_option("--passes", a.passes,
                                    "Updates by each step's answers. Several need clipped "
                                    "importance weights, as in PPO");
  passes->check(CLI::Range(1, 64))->capture_default_str();
  command.add_option("--clip", a.clip, "How far an importance weight may be from 1")
      ->needs(passes)
      ->check(CLI::Range(0.001, 0.999))
      ->capture_default_str();
  command
      .add_option("--kl", a.kl_weight,
                  "Weight of the divergence from the starting policy, in reward per nat of an "
                  "answer")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  command.add_flag("--standardise", a.standardised,
                   "Divide rewards by their deviation within each prompt's answers, as GRPO does");
  command
      .add_option("--lora", a.lora_rank,
                  "Train a LoRA adapter of this rank (alpha is twice the rank) instead of all "
                  "weights")
      ->check(CLI::Range(1, 4096));
}

void add_rewards(CLI::App& command, TrainRlArguments& a) {
  command.add_option("--reward-judge", a.reward_judge,
                     "A judge of the output, whose positive label is rewarded by 1 (default: the "
                     "judge that decides the study's contrasts)");
  command.add_option("--reward-label", a.reward_label,
                     "Reward this label of the judge instead, such as refuses");
  auto* reasoning =
      command.add_option("--reasoning-judge", a.reasoning_judge,
                         "Penalise reasoning that this judge calls faking: process supervision");
  command.add_option("--reasoning-penalty", a.reasoning_penalty, "How much that takes off")
      ->needs(reasoning)
      ->check(CLI::Range(0.0, 1e3))
      ->capture_default_str();
  auto* length = command.add_option(
      "--length-penalty", a.length_penalty,
      "Take this off for reasoning twice as long as the limit, and in proportion below that");
  length->check(CLI::Range(0.0, 1e3));
  command
      .add_option("--length-limit", a.length_limit,
                  "Bytes of reasoning without a penalty (default: what one in ten has before "
                  "the training)")
      ->needs(length)
      ->check(CLI::Range(1, 1'000'000));
}

void add_course(CLI::App& command, TrainRlArguments& a) {
  command.add_option("--evaluate-every", a.evaluate_every, "Steps between evaluations")
      ->check(CLI::Range(std::int64_t{1}, kMostTrainingSteps))
      ->capture_default_str();
  command
      .add_option("--evaluation-repeats", a.evaluation_repeats,
                  "Trials of each held-out query in each arm")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command.add_option("--save-every", a.save_every, "Steps between states to resume from")
      ->check(CLI::Range(std::int64_t{1}, kMostTrainingSteps))
      ->capture_default_str();
  command.add_flag("--stop-when-saturated", a.stop_when_saturated,
                   "End a seed once its reward is saturated while the gap stays");
  command.add_flag("--keep-weights", a.keep_weights,
                   "Keep the weights of every evaluation from now on, not only the last");
  command.add_option(
      "--out", a.out,
      "Folder of the training (default: one in trainings/, named by all that changes the "
      "weights or the evaluations)");
}

}  // namespace

void add_train_rl(Program& iago) {
  auto [command, a] = iago.add<TrainRlArguments>(
      "train rl", "Train a subject on a study's rewards, and follow its behaviour",
      train_rl_command);
  add_study(command, a);
  add_training(command, a);
  add_rewards(command, a);
  add_course(command, a);
  a.threads.add_to(command);
  a.endpoints.add_judges_to(command);
  a.output.add_to(command);
  command.footer(
      std::string("Examples:\n"
                  "  iago train rl helpful-only --model organism:faker\n"
                  "  iago train rl helpful-only --model organism:faker --seeds 5 --kl 0.1\n"
                  "  iago train rl helpful-only --model organism:faker --reasoning-judge "
                  "faking-rules\n"
                  "  iago train rl helpful-only --model organism:faker --reward-label refuses\n"
                  "  iago train rl helpful-only-full --model local:Llama-3.2-1B-Instruct --lora 16 "
                  "--save-every 5\n"
                  "  iago compare trainings/helpful-only-faker-1a2b3c4d\n"
                  "Run the same command again to resume.\n") +
      exit_help());
}

}  // namespace iago
