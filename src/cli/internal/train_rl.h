// The arguments of `iago train rl`, and its work. The work needs LibTorch: iago-torch does it
// (torch/train_rl.cc), and iago replaces itself by iago-torch (exec_iago_torch.cc).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/internal/context.h"
#include "cli/internal/model_endpoints.h"
#include "cli/internal/output_option.h"
#include "cli/internal/seeds_option.h"
#include "cli/internal/threads_option.h"
#include "study/study.h"

namespace iago {

struct TrainRlArguments {
  std::filesystem::path study;
  StudyOverrides overrides;
  std::vector<std::string> parameters;  // NAME=VALUE
  std::string arm;                      // empty: the first contrast's first arm
  SeedsOption seeds;
  std::int64_t steps = 100, prompts = 12, samples = 16;
  double learning_rate = 2e-4, kl_weight = 0.25, decay = 0;
  int passes = 1;
  double clip = 0.2;
  bool standardised = false;
  std::int64_t lora_rank = 0;
  std::string reward_judge, reasoning_judge;  // empty: the study's; none
  std::string reward_label;                   // empty: the reward judge's positive one
  double reasoning_penalty = 1;               // with a reasoning judge
  double length_penalty = 0;
  std::size_t length_limit = 0;
  std::size_t held_out = 100;
  int evaluation_repeats = 5;
  std::int64_t evaluate_every = 10, save_every = 1;
  bool stop_when_saturated = false, keep_weights = false;
  std::filesystem::path out;
  ThreadsOption threads;
  ModelEndpoints endpoints;
  OutputOption output;
};

// Returns the exit code. In iago: does not return; Error unsupported if iago-torch cannot be
// started.
int train_rl_command(const TrainRlArguments& arguments, const Context& context);

}  // namespace iago
