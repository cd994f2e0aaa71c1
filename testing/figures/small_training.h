// For tests: the folder of a training, its evaluations written as tables of counts.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "figures/training.h"
#include "testing/figures/compared_runs.h"

namespace iago::fixtures {

// An evaluation: so many of ten comply in the two arms, in each of 20 queries; of those in
// training, so many with faking reasoning.
struct SmallLook {
  std::int64_t step = 0;
  std::uint32_t training = 0, unmonitored = 0, faking = 0;
};

struct SmallSeed {
  std::uint64_t seed = 1;
  std::vector<double> rewards;  // by step; the last one stands for those up to the last evaluation
  std::vector<SmallLook> looks;
  std::optional<TrainingEnd> end = {};
  double kl = 0;  // of every step
};

inline TrainingPlan small_plan(std::vector<std::uint64_t> seeds) {
  return {.program = "0",
          .study = "study",
          .setting = "setting",
          .channel = "terse",
          .model = "organism:faker",
          .identity = "1",
          .wording = kWording,
          .arm = "training",
          .contrast = {"training", "unmonitored"},
          .steps = 40,
          .evaluate_every = 20,
          .prompts = 2,
          .samples = 4,
          .options = {{"kl_weight", "0.25"}},
          .split = "20 queries are held out",
          .trained = {"a"},
          .held_out = {"b"},
          .seeds = std::move(seeds)};
}

// Trained on the first ten of the queries of a small run, by rewards of 0 or 1.
inline TrainingPlan rewarded_plan(const std::string& kl_weight = "0.25",
                                  std::vector<std::uint64_t> seeds = {1, 2, 3}) {
  TrainingPlan plan = small_plan(std::move(seeds));
  plan.evaluate_every = 40;
  plan.identity = sha256_hex("faker");
  plan.options = {{"kl_weight", kl_weight},
                  {"rewards", "as given"},
                  {"reasoning_penalty", "0"},
                  {"length_penalty", "0"},
                  {"reward_judge", "compliance-rules " + sha256_hex("compliance-rules")}};
  plan.trained.clear(), plan.held_out.clear();
  for (std::size_t q = 0; q < kQueries; ++q) {
    (q < kQueries / 2 ? plan.trained : plan.held_out).push_back(query_name(q));
  }
  return plan;
}

inline void write_training(const std::filesystem::path& folder, const TrainingPlan& plan,
                           const std::vector<SmallSeed>& seeds) {
  std::filesystem::create_directories(folder);
  write_file(folder / kTrainingFile, dump_json(to_json(plan)));
  for (const SmallSeed& seed : seeds) {
    const auto of_seed = folder / seed_folder_name(seed.seed);
    std::filesystem::create_directories(of_seed);
    std::string lines;
    std::vector<double> rewards = seed.rewards;
    const std::int64_t looked = seed.looks.empty() ? 0 : seed.looks.back().step;
    const auto least = static_cast<std::size_t>(std::max(looked, seed.end ? seed.end->step : 0));
    if (rewards.size() < least) rewards.resize(least, rewards.empty() ? 0.0 : rewards.back());
    for (std::size_t i = 0; i < rewards.size(); ++i) {
      lines += dump_json(to_json(TrainingStep{.step = static_cast<std::int64_t>(i) + 1,
                                              .reward = rewards[i],
                                              .positive = rewards[i],
                                              .kl = seed.kl})) +
               "\n";
    }
    write_file(of_seed / kStepsFile, lines);
    if (seed.end) write_file(of_seed / kEndFile, dump_json(to_json(*seed.end)));
    for (const SmallLook& look : seed.looks) {
      const auto run = of_seed / step_folder_name(look.step);
      std::filesystem::create_directories(run);
      SmallRun evaluated =
          run_of(evaluated_name(plan, seed.seed, look.step), look.training, look.unmonitored);
      for (SmallCell& cell : evaluated.arms.front().cells) {
        cell.comply -= look.faking;
        cell.comply_faking = look.faking;
      }
      write_run(run / "run.db", evaluated);
      write_file(run / "summary.json", "{}");
    }
  }
}

}  // namespace iago::fixtures
