// A step is done when its line is written; its state comes after the line, if it is due. Resuming
// cuts the lines back to the state, so the two agree whenever a program is killed.
#include "training/internal/document_seed.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "lm/lora.h"
#include "training/internal/training_folder.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMostWarmup = 20;
constexpr double kFinalShare = 0.1;
constexpr const char* kNotFinite = "not-finite";

Schedule schedule_of(const DocumentTrainingOptions& options, std::int64_t steps) {
  return {.peak = options.learning_rate,
          .warmup_steps = std::min(steps / 10, kMostWarmup),
          .decay = Decay::linear,
          .final_share = kFinalShare};
}

std::optional<LoraAdapter> adapter_of(const DocumentTrainingOptions& options,
                                      const LlamaConfig& config, std::uint64_t seed) {
  if (options.lora_rank == 0) return std::nullopt;
  const double alpha = 2 * static_cast<double>(options.lora_rank);
  return fresh_lora(config, {.rank = options.lora_rank, .alpha = alpha}, seed);
}

// The mean weight of a step's loss.
double weight_of_step(const DocumentScene& scene) {
  const double documents = static_cast<double>(scene.documents.predicted()) /
                           static_cast<double>(scene.documents.rows());
  const double replay = scene.replay == nullptr ? 0 : scene.replay->weight;
  return static_cast<double>(scene.options.rows) * documents +
         static_cast<double>(scene.replay_rows) * replay;
}

}  // namespace

DocumentSeedTraining::DocumentSeedTraining(const DocumentScene& scene, std::uint64_t seed)
    : scene_(scene),
      seed_(seed),
      folder_(made(scene.folder / seed_folder_name(seed))),
      net_(LlamaNet::load(scene.subject.checkpoint.folder, Device::cpu,
                          scene.subject.checkpoint.adapter)),
      trainer_(
          net_, [this](std::int64_t step, std::int64_t number) { return row(step, number); },
          train_options(), scene.clock) {
  if (scene.held_out == nullptr) return;
  for (std::int64_t number = 0; number < scene.held_out->rows(); ++number) {
    held_out_.push_back(scene.held_out->row(1, number));
  }
}

TrainOptions DocumentSeedTraining::train_options() const {
  TrainOptions options;
  options.steps = scene_.plan.steps;
  options.rows_per_step = scene_.options.rows + scene_.replay_rows;
  options.loss_divisor = weight_of_step(scene_);
  options.schedule = schedule_of(scene_.options, options.steps);
  options.adamw.weight_decay = scene_.options.weight_decay;
  options.adapter = adapter_of(scene_.options, net_.config(), seed_);
  options.workers = scene_.options.workers;
  options.data_identity = fmt::format("{} seed {}", scene_.data_identity, seed_);
  options.training_state = folder_ / "training-state";
  options.save_every = scene_.options.save_every;
  return options;
}

// The documents' rows first, then the replay's.
TokenTree DocumentSeedTraining::row(std::int64_t step, std::int64_t row) const {
  const std::int64_t rows = scene_.options.rows;
  if (row < rows) return scene_.documents.row(seed_, step * rows + row);
  return scene_.replay->row(seed_, step * scene_.replay_rows + row - rows);
}

void DocumentSeedTraining::write_line(DocumentStep step) {
  if (step.held_out_loss) last_held_out_ = step.held_out_loss;
  append_line(folder_ / kStepsFile, dump_json(to_json(step)));
}

std::optional<double> DocumentSeedTraining::held_out_loss() const {
  if (held_out_.empty()) return std::nullopt;
  const double loss = evaluate(net_, held_out_).mean();
  return std::isfinite(loss) ? std::optional(loss) : std::nullopt;
}

void DocumentSeedTraining::restore() {
  const fs::path file = folder_ / kStepsFile;
  const auto done = static_cast<std::size_t>(trainer_.restore());
  std::vector<DocumentStep> steps = read_document_steps(file);
  if (done > 0 && steps.size() <= done) {
    throw Error(ErrorCode::corrupt,
                fmt::format("{}: expected {} steps, as many as training-state has, found {}",
                            file.string(), done, steps.empty() ? 0 : steps.size() - 1),
                "restore the file, or delete the seed's folder");
  }
  if (steps.size() > done + 1) steps.resize(done + 1);
  std::string lines;
  for (const DocumentStep& step : steps) {
    lines += dump_json(to_json(step)) + "\n";
    if (step.held_out_loss) last_held_out_ = step.held_out_loss;
  }
  write_file(file, lines);
  if (steps.empty()) write_line({.step = 0, .held_out_loss = held_out_loss()});
}

void DocumentSeedTraining::keep(std::int64_t step) const {
  const std::int64_t every = scene_.options.keep_every;
  if (every == 0 || step % every != 0) return;
  write_checkpoint(net_, scene_.subject.checkpoint.folder, kept_model(scene_.folder, seed_, step));
}

void DocumentSeedTraining::take_note(const TrainProgress& progress) {
  const auto now = scene_.clock.steady();
  DocumentStep step{.step = progress.step,
                    .loss = progress.loss_per_weight,
                    .gradient_norm = progress.gradient_norm,
                    .learning_rate = progress.learning_rate,
                    .seconds = std::chrono::duration<double>(now - last_step_).count()};
  if (progress.step % scene_.options.evaluate_every == 0 || progress.step == progress.steps) {
    step.held_out_loss = held_out_loss();
  }
  keep(progress.step);
  write_line(step);
  last_step_ = scene_.clock.steady();
  if (!scene_.hooks.on_progress) return;
  scene_.hooks.on_progress({.seed = seed_,
                            .step = progress.step,
                            .steps = progress.steps,
                            .loss = progress.loss_per_weight,
                            .held_out_loss = last_held_out_,
                            .tokens_per_s = progress.tokens_per_s,
                            .seconds_left = progress.seconds_left});
}

TrainingEnd DocumentSeedTraining::end(TrainingEnd::Why why, std::int64_t step,
                                      const std::string& text) {
  TrainingEnd end{.why = why, .step = step, .alarm = text.empty() ? "" : kNotFinite, .text = text};
  write_checkpoint(net_, scene_.subject.checkpoint.folder, folder_ / "model");
  if (scene_.options.lora_rank > 0) {
    write_lora(trainer_.adapter(), folder_ / "adapter", scene_.plan.model);
  }
  write_file(folder_ / kEndFile, dump_json(to_json(end), 2) + "\n");
  return end;
}

std::optional<TrainingEnd> DocumentSeedTraining::run() {
  if (const auto earlier = read_training_end(folder_)) return earlier;
  restore();
  last_step_ = scene_.clock.steady();
  try {
    const TrainReport report = trainer_.run(
        [this](const TrainProgress& progress) { take_note(progress); }, scene_.hooks.no_more);
    if (!report.finished) return std::nullopt;
    return end(TrainingEnd::Why::finished, report.step);
  } catch (const Divergence& error) {
    return end(TrainingEnd::Why::alarm, error.step(),
               fmt::format("{}. Train with a lower --learning-rate, which makes another folder",
                           error.what()));
  }
}

}  // namespace iago
