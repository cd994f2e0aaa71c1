// Relearning, measured: what a training took away is rewarded, and comes back sooner or later,
// beside a control that never had it (stats/relearning.h says how that is counted, docs/battery.md
// what it means).
//
// Each seed is a training of its own (training/train_rl.h) in the battery's folder:
// relearning/model and relearning/control, with the same rates and seeds for both. It ends as soon
// as half of what there was is back, and resumes like any training.
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
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "figures/relearning.h"
#include "judge/judge.h"
#include "models/checkpoint_path.h"
#include "models/token_model.h"
#include "study/study.h"

namespace iago {

// What the training took away: a label, with its share in the contrast's first arm under the
// trained wording.
struct LostBehaviour {
  std::string label;
  double share_before = 0, share_after = 0;  // fractions
};

// The label of the contrasts' judge whose share after the training is less than half of what it was
// before: refusing, of a model that now complies; complying, of one that now refuses. At most one
// has lost that much. Absent if neither has, or if a run counted nothing there. Errors: invalid for
// a judge of more than two labels; those of reading a battery.
std::optional<LostBehaviour> lost_behaviour(const std::filesystem::path& battery,
                                            const JudgeInfo& judge);

// Who is trained. Each seed begins with the weights as they lie on disk, so each opens the model.
struct RelearningSubject {
  std::string name;
  CheckpointPath checkpoint;
  std::function<std::unique_ptr<TokenModel>()> open;
};

struct RelearningStep {
  std::string_view who;  // "model" or "control"
  std::uint64_t seed = 0;
  std::int64_t step = 0;
  double share = 0;  // of the label
};

struct RelearningOptions {
  std::filesystem::path battery;  // the battery's folder; its runs are there
  std::int64_t limit = 60;        // steps at most, at least 2
  std::uint64_t seeds = 3;        // 1 to that number
  // Of the trainings. The divergence weighs little, so that it does not decide how far they get.
  std::int64_t prompts = 12, samples = 16;
  // A fast rate counts in steps too coarse to tell models apart.
  double learning_rate = 5e-5, kl_weight = 0.05;
  int workers = 0;                            // threads of the update; 0 = one per core
  std::stop_token no_more, at_once, give_up;  // as of RlHooks
  std::function<void(const RelearningStep&)> on_step;
  std::function<void(const std::string&)> on_notice;
};

// Trains what is not trained yet, and writes kRelearningFile after each seed. A control that has
// the behaviour before its first update is no control: then the file says so, and no more is
// trained. `judges` are those of the study. False if it was interrupted; the same call resumes.
// Errors: those of train_rl, among them invalid for a folder whose trainings were begun otherwise.
bool relearn(const LoadedStudy& study, const LostBehaviour& lost, const RelearningSubject& model,
             const RelearningSubject& control, const std::vector<std::unique_ptr<Judge>>& judges,
             const RelearningOptions& options, const Clock& clock);

}  // namespace iago
