// The training of one seed, in its own folder. Private to the room.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "nn/llama_net.h"
#include "train/policy_gradient.h"
#include "training/alarms.h"
#include "training/rollout.h"
#include "training/train_rl.h"

namespace iago {

// What all seeds of a training share.
struct RlScene {
  const RlSubject& subject;
  const RlJudges& judges;
  RewardRule rule;  // its judge of the output is set
  const RlOptions& options;
  const RlHooks& hooks;
  const Clock& clock;
  std::filesystem::path folder;  // of the training
  TrainingPlan plan;
  std::string data_identity;      // of the plan, without its seeds
  LoadedStudy trained, held_out;  // the study for the one and for the other
};

class SeedTraining {
 public:
  SeedTraining(const RlScene& scene, std::uint64_t seed);

  // To its end, or until it is interrupted: then absent.
  std::optional<TrainingEnd> run();

 private:
  void restore();
  void publish();
  bool evaluate();
  void take_step();
  bool is_given_up(const Error& error) const;
  void save();
  void notice(const std::string& text) const;  // to the user, at once
  TrainingEnd end(TrainingEnd::Why why, const Alarm& alarm = {});
  std::optional<TrainingEnd> look_for_the_end();
  void set_length_limit();
  void write_model(const std::filesystem::path& folder) const;
  void report(bool is_evaluating, std::size_t stored, std::size_t planned) const;
  bool is_due(std::int64_t step) const;
  bool is_saturated_with_gap() const;
  std::filesystem::path state_file() const { return folder_ / "training-state"; }

  const RlScene& scene_;
  const std::uint64_t seed_;
  const std::filesystem::path folder_;
  RewardRule rule_;
  LlamaNet net_;
  PolicyGradient policy_;
  Rollouts rollouts_;
  AlarmLimits limits_;
  std::vector<TrainingStep> steps_;
  std::vector<TrainingLook> looks_;
  std::int64_t saved_ = -1;  // the step of the last state
  bool told_ = false;        // of the finding
  double seconds_ = 0;       // of the steps in this session
  std::int64_t steps_here_ = 0;
};

}  // namespace iago
