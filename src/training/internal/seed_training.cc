// A step is done when its line is written and its state saved, in this order. Resuming cuts the
// lines back to the state, so the two agree at any moment at which a program can be killed. The
// sampler gets the weights anew before each step, which empties its cache: what a step samples does
// not depend on whether an evaluation came before it.
#include "training/internal/seed_training.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "lm/lora.h"
#include "run/run.h"
#include "store/store.h"
#include "training/internal/training_folder.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

PolicyGradientOptions policy_options(const RlScene& scene, std::uint64_t seed,
                                     const LlamaConfig& config) {
  const RlOptions& options = scene.options;
  PolicyGradientOptions policy{
      .steps = options.steps,
      .kl_weight = options.kl_weight,
      .workers = options.workers,
      .data_identity = fmt::format("{} seed {}", scene.data_identity, seed)};
  policy.schedule = {.peak = options.learning_rate,
                     .warmup_steps = 0,
                     .hold_share = 1 - options.decay,
                     .decay = options.decay > 0 ? Decay::linear : Decay::constant};
  if (options.passes > 1) policy.clipping = ImportanceClipping{options.passes, options.clip};
  if (options.standardised) policy.reward_scale = RewardScale::standardised;
  if (options.lora_rank > 0) {
    const double alpha = 2 * static_cast<double>(options.lora_rank);
    policy.adapter = fresh_lora(config, {.rank = options.lora_rank, .alpha = alpha}, seed);
  }
  return policy;
}

// The subject after some steps, by a name that says so, so that no report takes it for the subject
// before them. Its identity is that of its weights.
class SteppedSubject : public ChatModel {
 public:
  SteppedSubject(TokenModel& model, std::string name) : model_(model), name_(std::move(name)) {}

  ModelInfo info() const override {
    ModelInfo info = model_.info();
    info.name = name_;
    return info;
  }
  void submit(ChatRequest request, std::stop_token stop, Done done) override {
    model_.submit(std::move(request), std::move(stop), std::move(done));
  }
  std::optional<SentRecord> sent_record() const override { return model_.sent_record(); }
  std::optional<std::uint64_t> unfinished_tokens() const override {
    return model_.unfinished_tokens();
  }

 private:
  TokenModel& model_;
  const std::string name_;
};

// Bytes of reasoning, such that one in ten completions of the arm has less.
std::size_t short_reasoning(const fs::path& run, const std::string& wording,
                            const std::string& arm) {
  std::vector<std::size_t> lengths;
  Store(run / "run.db")
      .for_each_completion({.wording = wording, .arm = arm, .outcome = Outcome::answered},
                           [&](const CompletionRow& row) {
                             lengths.push_back(row.scratchpad.size());
                             return true;
                           });
  if (lengths.empty()) return 0;
  const auto place = lengths.begin() + static_cast<std::ptrdiff_t>(lengths.size() / 10);
  std::ranges::nth_element(lengths, place);
  return *place;
}

}  // namespace

SeedTraining::SeedTraining(const RlScene& scene, std::uint64_t seed)
    : scene_(scene),
      seed_(seed),
      folder_(made(scene.folder / seed_folder_name(seed))),
      rule_(scene.rule),
      net_(LlamaNet::load(scene.subject.checkpoint.folder, Device::cpu,
                          scene.subject.checkpoint.adapter)),
      policy_(net_, policy_options(scene, seed, net_.config())),
      rollouts_(scene.trained, {scene.plan.model, scene.plan.identity}, scene.subject.model, rule_,
                {scene.options.prompts, scene.options.samples, seed}, scene.clock) {
  limits_.answers_to_a_prompt = static_cast<double>(scene.options.samples);
  limits_.most_kl = most_kl_for(scene.options.kl_weight, limits_.largest_reward);
}

void SeedTraining::restore() {
  const fs::path file = folder_ / kStepsFile;
  policy_.restore(state_file());
  steps_ = read_training_steps(file);
  const auto done = static_cast<std::size_t>(policy_.step());
  if (steps_.size() < done) {
    throw Error(ErrorCode::corrupt,
                fmt::format("{}: expected {} steps, as many as {} has, found {}", file.string(),
                            done, state_file().string(), steps_.size()),
                "restore the file, or delete the seed's folder");
  }
  if (steps_.size() > done) {
    notice(fmt::format("the steps from {} to {} had no state to resume from, and are taken again",
                       done + 1, steps_.size()));
  }
  steps_.resize(done);
  std::string lines;
  for (const TrainingStep& step : steps_) lines += dump_json(to_json(step)) + "\n";
  write_file(file, lines);
  saved_ = policy_.step();
  looks_ = read_looks(folder_, scene_.plan, seed_);
  std::erase_if(looks_, [&](const TrainingLook& look) { return look.step >= saved_; });
}

void SeedTraining::publish() {
  const std::vector<float> flat = net_.flat_parameters();
  scene_.subject.model.replace_weights(tensor_views(net_.parameters(), flat),
                                       fmt::format("seed {}, step {}", seed_, policy_.step()));
}

void SeedTraining::save() {
  if (saved_ == policy_.step()) return;
  policy_.save(state_file());
  saved_ = policy_.step();
}

bool SeedTraining::is_due(std::int64_t step) const {
  return step % scene_.options.evaluate_every == 0 || step == scene_.options.steps;
}

void SeedTraining::report(bool is_evaluating, std::size_t stored, std::size_t planned) const {
  if (!scene_.hooks.on_progress) return;
  RlProgress progress{.seed = seed_,
                      .step = policy_.step(),
                      .steps = scene_.options.steps,
                      .is_evaluating = is_evaluating,
                      .stored = stored,
                      .planned = planned};
  if (!steps_.empty()) progress.last = steps_.back();
  if (!looks_.empty()) progress.look = &looks_.back();
  if (steps_here_ > 0) {
    progress.seconds_left = seconds_ / static_cast<double>(steps_here_) *
                            static_cast<double>(scene_.options.steps - policy_.step());
  }
  scene_.hooks.on_progress(progress);
}

// False if it was interrupted.
bool SeedTraining::evaluate() {
  save();
  const std::int64_t step = policy_.step();
  const fs::path folder = folder_ / step_folder_name(step);
  SteppedSubject subject(scene_.subject.model, evaluated_name(scene_.plan, seed_, step));
  const RunResult result =
      run_study(scene_.held_out, subject, scene_.judges.study,
                {.runs = folder_,
                 .folder = folder,
                 .judge_errors = scene_.judges.errors,
                 .no_more = scene_.hooks.no_more,
                 .at_once = scene_.hooks.at_once,
                 .on_progress = [&](const RunProgress& p) { report(true, p.stored, p.planned); },
                 .on_notice = scene_.hooks.on_notice},
                scene_.clock);
  if (result.stopped) throw *result.stopped;
  if (result.left > 0) return false;
  if (scene_.options.keep_weights) write_model(folder / "model");
  looks_.push_back(
      look_of(Store(folder / "run.db"), result.summary, step, scene_.plan.planned_looks()));
  report(true, result.planned, result.planned);
  return true;
}

void SeedTraining::set_length_limit() {
  if (rule_.length_penalty <= 0 || rule_.length_limit > 0) return;
  rule_.length_limit =
      short_reasoning(folder_ / step_folder_name(0), scene_.plan.wording, scene_.plan.arm);
  if (rule_.length_limit > 0) return;
  throw Error(
      ErrorCode::invalid,
      "--length-penalty: before the training at least one answer in ten has no reasoning, so "
      "there is no length to begin at",
      "give one with --length-limit, or leave the penalty out");
}

void SeedTraining::take_step() {
  const auto begun = scene_.clock.steady();
  Rollout rollout = rollouts_.sample(policy_.step(), scene_.hooks.give_up);
  const auto sampled = scene_.clock.steady();
  const PolicyUpdate update = policy_.update(rollout.groups);
  TrainingStep& step = rollout.step;
  step.step = update.step;
  step.kl = update.kl;
  step.entropy = update.entropy;
  step.gradient_norm = update.gradient_norm;
  step.log_prob_difference = update.log_prob_difference;
  step.learning_rate = update.learning_rate;
  step.update_s = seconds_since(scene_.clock, sampled);
  append_line(folder_ / kStepsFile, dump_json(to_json(step)));
  steps_.push_back(step);
  seconds_ += seconds_since(scene_.clock, begun);
  ++steps_here_;
}

// The step that is under way when the user wants the end at once: it is taken again later.
bool SeedTraining::is_given_up(const Error& error) const {
  return error.code() == ErrorCode::cancelled && scene_.hooks.give_up.stop_requested();
}

void SeedTraining::write_model(const fs::path& folder) const {
  write_checkpoint(net_, scene_.subject.checkpoint.folder, folder);
}

bool SeedTraining::is_saturated_with_gap() const {
  std::vector<double> rewards;
  for (const TrainingStep& step : steps_) rewards.push_back(step.reward);
  std::vector<GapLook> gaps;
  for (const TrainingLook& look : looks_) gaps.push_back(look.adjusted);
  return saturated_while_gap_stays(rewards, gaps, scene_.plan.margin_points).has_value();
}

void SeedTraining::notice(const std::string& text) const {
  if (!scene_.hooks.on_notice) return;
  scene_.hooks.on_notice(fmt::format("seed {}, step {}: {}", seed_, policy_.step(), text));
}

TrainingEnd SeedTraining::end(TrainingEnd::Why why, const Alarm& alarm) {
  TrainingEnd end{.why = why, .step = policy_.step(), .alarm = alarm.name, .text = alarm.text};
  write_model(folder_ / "model");
  if (scene_.options.lora_rank > 0) {
    write_lora(policy_.adapter(), folder_ / "adapter", scene_.plan.model);
  }
  write_file(folder_ / kEndFile, dump_json(to_json(end), 2) + "\n");
  return end;
}

// After an evaluation.
std::optional<TrainingEnd> SeedTraining::look_for_the_end() {
  const bool is_found = is_saturated_with_gap();
  if (is_found && !told_) {
    notice("reward saturated, generalisation did not: the gap stays above the margin");
  }
  told_ = told_ || is_found;
  if (policy_.step() == scene_.options.steps) return end(TrainingEnd::Why::finished);
  if (is_found && scene_.options.stop_when_saturated) return end(TrainingEnd::Why::saturated);
  return std::nullopt;
}

std::optional<TrainingEnd> SeedTraining::run() {
  if (const auto earlier = read_training_end(folder_)) return earlier;
  restore();
  told_ = is_saturated_with_gap();
  for (;;) {
    publish();
    if (is_due(policy_.step())) {
      if (!evaluate()) return std::nullopt;
      if (const auto ended = look_for_the_end()) return ended;
      publish();
    }
    set_length_limit();
    if (scene_.hooks.no_more.stop_requested()) {
      save();
      return std::nullopt;
    }
    try {
      take_step();
    } catch (const Error& error) {
      if (!is_given_up(error)) throw;
      save();
      return std::nullopt;
    }
    report(false, 0, 0);
    if (const auto alarm = first_alarm(steps_, limits_)) {
      notice(fmt::format("alarm {}, the seed ends: {}", alarm->name, alarm->text));
      return end(TrainingEnd::Why::alarm, *alarm);
    }
    if (policy_.step() % scene_.options.save_every == 0) save();
  }
}

}  // namespace iago
