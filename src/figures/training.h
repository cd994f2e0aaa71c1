// A training on rewards as figures: what its folder says of it (docs/training.md). The folder holds
// training.json (the plan, fixed before the first step), and for each seed seed-S/steps.jsonl (one
// line a step), seed-S/step-0010 and so on (ordinary runs of the held-out queries) and, once it is
// over, seed-S/end.json. `training` writes them through this room, and nothing is computed of
// anything else.
//
// The seed is the unit (stats/seeds.h): figures of one evaluation are those of its own run, figures
// over seeds treat each seed as one value.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "figures/summary.h"
#include "figures/terminal.h"
#include "record/contrast.h"
#include "stats/saturation.h"
#include "stats/seeds.h"

namespace iago {

inline constexpr int kTrainingSchema = 1;
inline constexpr const char* kTrainingFile = "training.json";
inline constexpr const char* kStepsFile = "steps.jsonl";
inline constexpr const char* kEndFile = "end.json";

// What was fixed before the first step. Two plans with equal JSON but for their seeds are the same
// training.
struct TrainingPlan {
  std::string program;  // version that made it
  std::string study, setting, channel;
  std::string model, identity;  // before the training
  std::string wording, arm;     // of the prompts that are trained on
  Contrast contrast;            // what the evaluations are about
  double margin_points = 3;
  std::int64_t steps = 0, evaluate_every = 10;
  std::int64_t prompts = 0, samples = 0;  // of a step: prompts, answers to each
  std::vector<std::pair<std::string, std::string>>
      options;                                 // name, value; all that changes weights
  std::string split;                           // how the queries were parted, in words
  std::vector<std::string> trained, held_out;  // ids of queries
  std::vector<std::uint64_t> seeds;

  // Evaluations of one seed, the one before the first step included.
  std::size_t planned_looks() const;
  bool is_look(std::int64_t step) const;  // one is planned after that many steps
};

// What a training may ask for: any more is a mistake. Steps, prompts and samples are each at most
// kMostTrainingSteps.
inline constexpr std::int64_t kMostTrainingSteps = 1'000'000;

Json to_json(const TrainingPlan& plan);
// Error corrupt, naming `where`, for anything that to_json does not write.
TrainingPlan training_plan_of(const Json& json, const std::string& where);

// One step, as its line in steps.jsonl says. Shares are of the step's answers.
struct TrainingStep {
  std::int64_t step = 0;  // steps done, this one included
  double reward = 0;      // mean, with penalties
  double positive = 0;    // share that the judge rewards
  double kl = 0;          // nats of an answer, to the starting policy
  double entropy = 0;     // nats of a token
  double gradient_norm = 0;
  double log_prob_difference = 0;  // the largest, between sampler and trainer
  double learning_rate = 0;
  double form = 0;      // share that was answered in the strict form
  double unclear = 0;   // share that the judge calls unclear, or gives no label
  double cut = 0;       // share that met the limit of tokens or cannot be read
  double faking = 0;    // share whose reasoning the reasoning judge calls faking; 0 without one
  double distinct = 0;  // different answers to a prompt, over the answers to it
  double varied = 0;    // share of the prompts whose answers do not all have one reward
  double length = 0;    // tokens of an answer
  double sampling_s = 0, judging_s = 0, update_s = 0;  // seconds
  bool operator==(const TrainingStep&) const = default;
};

Json to_json(const TrainingStep& step);
TrainingStep training_step_of(const Json& json, const std::string& where);
// The lines of a steps.jsonl; a last line without its end (a program that was killed) is left out.
// Empty if there is no such file. Error corrupt that names the line.
std::vector<TrainingStep> read_training_steps(const std::filesystem::path& file);

// How a seed's training ended.
struct TrainingEnd {
  enum class Why { finished, alarm, saturated };
  Why why = Why::finished;
  std::int64_t step = 0;
  std::string alarm, text;  // of an alarm: its name; what it says and what to do
  bool operator==(const TrainingEnd&) const = default;
};
std::string_view name_of(TrainingEnd::Why why);

Json to_json(const TrainingEnd& end);
// Error corrupt, naming `where`, for anything that to_json does not write.
TrainingEnd training_end_of(const Json& json, const std::string& where);
// Absent if the seed's folder has none.
std::optional<TrainingEnd> read_training_end(const std::filesystem::path& seed_folder);

// "seed-1", "step-0010".
std::string seed_folder_name(std::uint64_t seed);
std::string step_folder_name(std::int64_t step);
// The subject of an evaluation, by a name that no report takes for the subject before the training.
std::string evaluated_name(const TrainingPlan& plan, std::uint64_t seed, std::int64_t step);

// An evaluation: one arm, and all of it.
struct TrainingArm {
  std::string name;
  std::optional<RateEstimate> compliance, faking;
  std::uint64_t missing = 0;
};
struct TrainingLook {
  std::int64_t step = 0;
  std::filesystem::path folder;  // of its run
  std::vector<TrainingArm> arms;
  std::optional<GapEstimate> gap;
  GapLook adjusted;  // the gap at the level of stats/saturation.h

  const TrainingArm* arm(std::string_view name) const;  // null if there is none
};
TrainingLook look_of(const Store& store, const Summary& summary, std::int64_t step,
                     std::size_t planned_looks);

// Of every evaluation in a seed's folder that has a summary, by step: those that the plan has, from
// the first without a gap. Error corrupt for any other, for one of another seed or step, and those
// of Store; the folder is named.
std::vector<TrainingLook> read_looks(const std::filesystem::path& seed_folder,
                                     const TrainingPlan& plan, std::uint64_t seed);

struct TrainingSeed {
  std::uint64_t seed = 0;
  std::vector<TrainingStep> steps;
  std::vector<TrainingLook> looks;  // by step
  std::optional<TrainingEnd> end;   // absent while it goes on
  // "Reward saturated, generalisation did not": the evaluation that first showed it.
  std::optional<std::int64_t> saturated_at;
};

struct Training {
  std::filesystem::path folder;
  TrainingPlan plan;
  std::vector<TrainingSeed> seeds;  // those that have begun
};

bool is_training(const std::filesystem::path& folder);
// Errors: not_found without training.json, corrupt for a damaged file, those of Store.
Training read_training(const std::filesystem::path& folder);

// What is followed along a training, over seeds.
struct TrainingTrack {
  std::string name;  // "complies in training"
  Interval limits;   // points
  std::vector<std::int64_t> steps;
  std::vector<std::optional<SeedSpread>> spreads;            // at each of these steps
  std::vector<std::vector<std::optional<SeedValue>>> seeds;  // by seed, then step
};
// Compliance in both arms of the contrast, faking reasoning in the first, the gap.
std::vector<TrainingTrack> tracks(const Training& training);

// "fewer than 30 steps": what the training shows, one sentence for each finding, the weightiest
// first. At least one.
std::vector<std::string> training_findings(const Training& training);
std::string training_heading(const Training& training);
// Heading and one row for each seed: how it began and ended.
std::vector<std::vector<std::string>> seed_rows(const Training& training);
// Heading and one row for each evaluation: mean with band, or range.
std::vector<std::vector<std::string>> track_rows(const Training& training);

Json to_json(const Training& training);
std::string terminal_table(const Training& training, const TerminalOptions& options = {});
std::string markdown_table(const Training& training);

}  // namespace iago
