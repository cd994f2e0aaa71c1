// A step's share is of answers that were sampled before its update: step k speaks of the weights
// after k - 1 updates.
#include "training/relearning.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "figures/battery.h"
#include "figures/training.h"
#include "run/plan_rows.h"
#include "store/store.h"
#include "training/train_rl.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRelearningFolder = "relearning";

// The share of counted answers that comply in the contrast's first arm.
std::optional<double> compliance_in(const fs::path& battery, const BatteryPlan& plan,
                                    BatterySide side) {
  const auto trained = std::ranges::find(plan.cells, BatteryCellKind::trained, &BatteryCell::kind);
  const Store store(battery / name_of(side) / trained->run / "run.db");
  const Summary summary = summarize(store);
  const ArmSummary* arm = summary.arm(plan.contrast.more);
  if (arm == nullptr || !arm->compliance) return std::nullopt;
  return arm->compliance->rate;
}

// A step that was lost with its state was taken again: the later line counts.
std::vector<double> shares_in(const fs::path& seed_folder) {
  std::vector<double> shares;
  for (const TrainingStep& step : read_training_steps(seed_folder / kStepsFile)) {
    const auto before = static_cast<std::size_t>(step.step - 1);
    if (before < shares.size()) shares.resize(before);
    shares.push_back(step.positive);
  }
  return shares;
}

// The study with one wording and the arms of its contrast, by the subject's name.
LoadedStudy study_of(const LoadedStudy& study, const std::string& subject) {
  const Contrast contrast = contrasts_of(study.study, study.setting).front();
  LoadedStudy small = study;
  small.study.model = subject;
  small.study.repeats = 1;
  small.study.wordings = {study.study.reference};
  small.study.arms = {contrast.more, contrast.less};
  small.study.contrasts = {contrast.name()};
  return small;
}

class RelearningTrainer {
 public:
  RelearningTrainer(const LoadedStudy& study, const Relearning& relearning,
                    const std::vector<std::unique_ptr<Judge>>& judges,
                    const RelearningOptions& options, const Clock& clock)
      : study_(study), relearning_(relearning), judges_(judges), options_(options), clock_(clock) {}

  // Absent if it was interrupted.
  std::optional<RelearningCurve> train(std::string_view who, std::uint64_t seed,
                                       const RelearningSubject& subject) const {
    const fs::path folder = options_.battery / kRelearningFolder / who;
    const fs::path of_seed = folder / seed_folder_name(seed);
    go_on(folder, who, seed, subject);
    if (!is_over(of_seed)) return std::nullopt;
    RelearningCurve curve{.shares = shares_in(of_seed), .alarm = {}};
    if (const auto end = read_training_end(of_seed)) curve.alarm = end->alarm;
    return curve;
  }

 private:
  bool is_back(const fs::path& of_seed) const {
    return back_after(shares_in(of_seed), relearning_.target()).updates.has_value();
  }
  bool is_over(const fs::path& of_seed) const {
    return is_back(of_seed) || read_training_end(of_seed).has_value();
  }

  // Where nothing is left to train, it still holds the folder to what is asked for now.
  void go_on(const fs::path& folder, std::string_view who, std::uint64_t seed,
             const RelearningSubject& subject) const {
    std::stop_source enough;  // the behaviour is back, or the user wants an end
    const std::stop_callback by_user(options_.no_more, [&] { enough.request_stop(); });
    if (is_back(folder / seed_folder_name(seed))) enough.request_stop();
    const RlHooks hooks{.no_more = enough.get_token(),
                        .at_once = options_.at_once,
                        .give_up = options_.give_up,
                        .on_progress =
                            [&](const RlProgress& p) {
                              if (p.is_evaluating || !p.last) return;
                              if (options_.on_step) {
                                options_.on_step({who, seed, p.step, p.last->positive});
                              }
                              if (is_back(folder / seed_folder_name(seed))) enough.request_stop();
                            },
                        .on_notice = options_.on_notice};
    const RlOptions training{.folder = folder,
                             .arm = relearning_.arm,
                             .seeds = {seed},
                             .steps = options_.limit,
                             .prompts = options_.prompts,
                             .samples = options_.samples,
                             .learning_rate = options_.learning_rate,
                             .kl_weight = options_.kl_weight,
                             .evaluate_every = options_.limit,
                             .held_out = kHeldOutOfRelearning,
                             .evaluation_repeats = 1,
                             .workers = options_.workers};
    const auto model = subject.open();
    const RewardRule rule{.rewarded = relearning_.label};
    train_rl(study_of(study_, subject.name), {*model, subject.checkpoint}, {judges_, rule},
             training, hooks, clock_);
  }

  const LoadedStudy& study_;
  const Relearning& relearning_;
  const std::vector<std::unique_ptr<Judge>>& judges_;
  const RelearningOptions& options_;
  const Clock& clock_;
};

std::string no_control(const Relearning& relearning) {
  return fmt::format(
      "the control {} says \"{}\" as often without being trained, so it is no control; name "
      "another with --beside",
      relearning.control, relearning.label);
}

}  // namespace

std::optional<LostBehaviour> lost_behaviour(const fs::path& battery, const JudgeInfo& judge) {
  if (labels_of(judge.kind).size() != 2) {
    throw Error(ErrorCode::invalid,
                fmt::format("--relearn: expected a judge of two labels, found {}, which judges {}",
                            judge.name, name_of(judge.kind)),
                "leave --relearn out, or give a study whose contrast is about compliance");
  }
  const BatteryPlan plan = read_battery_plan(battery);
  const auto before = compliance_in(battery, plan, BatterySide::before);
  const auto after = compliance_in(battery, plan, BatterySide::after);
  if (!before || !after) return std::nullopt;
  if (*after < *before / 2) return LostBehaviour{std::string(judge.positive()), *before, *after};
  if (1 - *after < (1 - *before) / 2) {
    return LostBehaviour{std::string(judge.negative()), 1 - *before, 1 - *after};
  }
  return std::nullopt;
}

bool relearn(const LoadedStudy& study, const LostBehaviour& lost, const RelearningSubject& model,
             const RelearningSubject& control, const std::vector<std::unique_ptr<Judge>>& judges,
             const RelearningOptions& options, const Clock& clock) {
  if (options.limit < 2) {
    throw Error(ErrorCode::invalid,
                fmt::format("--relearn-steps: expected at least 2, found {}", options.limit));
  }
  Relearning relearning{.not_measured = {},
                        .label = lost.label,
                        .arm = contrasts_of(study.study, study.setting).front().more,
                        .control = control.name,
                        .share_before = lost.share_before,
                        .share_after = lost.share_after,
                        .limit = options.limit,
                        .seeds_asked = options.seeds,
                        .seeds = {}};
  const RelearningTrainer trainer(study, relearning, judges, options, clock);
  for (std::uint64_t seed = 1; seed <= options.seeds; ++seed) {
    const auto of_control = trainer.train("control", seed, control);
    if (!of_control) return false;
    if (back_after(of_control->shares, relearning.target()).updates == 0) {
      relearning.not_measured = no_control(relearning);
      write_relearning(relearning, options.battery);
      return true;
    }
    const auto of_model = trainer.train("model", seed, model);
    if (!of_model) return false;
    relearning.seeds.push_back({seed, *of_model, *of_control});
    write_relearning(relearning, options.battery);
  }
  return true;
}

}  // namespace iago
