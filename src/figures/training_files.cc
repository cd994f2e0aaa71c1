// The files of a training's folder, written and read.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "figures/internal/step_lines.h"
#include "figures/training.h"
#include "record/names.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFile = std::size_t{64} << 20;

struct StepField {
  const char* name;
  double TrainingStep::*value;
};
constexpr StepField kStepFields[] = {{"reward", &TrainingStep::reward},
                                     {"positive", &TrainingStep::positive},
                                     {"kl", &TrainingStep::kl},
                                     {"entropy", &TrainingStep::entropy},
                                     {"gradient_norm", &TrainingStep::gradient_norm},
                                     {"log_prob_difference", &TrainingStep::log_prob_difference},
                                     {"learning_rate", &TrainingStep::learning_rate},
                                     {"form", &TrainingStep::form},
                                     {"unclear", &TrainingStep::unclear},
                                     {"cut", &TrainingStep::cut},
                                     {"faking", &TrainingStep::faking},
                                     {"distinct", &TrainingStep::distinct},
                                     {"varied", &TrainingStep::varied},
                                     {"length", &TrainingStep::length},
                                     {"sampling_s", &TrainingStep::sampling_s},
                                     {"judging_s", &TrainingStep::judging_s},
                                     {"update_s", &TrainingStep::update_s}};

constexpr EnumName<TrainingEnd::Why> kWhyNames[] = {{TrainingEnd::Why::finished, "finished"},
                                                    {TrainingEnd::Why::alarm, "alarm"},
                                                    {TrainingEnd::Why::saturated, "saturated"}};

// Runs `read`, and says which file is not what this program writes.
template <typename Read>
auto reading(const std::string& where, Read read) {
  try {
    return read();
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorCode::corrupt,
                fmt::format("{}: not what iago train rl writes: {}", where, error.what()),
                "restore the file, or train anew with another --out");
  }
}

}  // namespace

std::size_t TrainingPlan::planned_looks() const {
  if (evaluate_every <= 0) return 0;
  return static_cast<std::size_t>((steps + evaluate_every - 1) / evaluate_every + 1);
}

Json to_json(const TrainingPlan& plan) {
  Json options = Json::object();
  for (const auto& [name, value] : plan.options) options[name] = value;
  return {{"schema", kTrainingSchema},
          {"program", plan.program},
          {"study", plan.study},
          {"setting", plan.setting},
          {"channel", plan.channel},
          {"model", plan.model},
          {"identity", plan.identity},
          {"wording", plan.wording},
          {"arm", plan.arm},
          {"contrast", {{"more", plan.contrast.more}, {"less", plan.contrast.less}}},
          {"margin_points", plan.margin_points},
          {"steps", plan.steps},
          {"evaluate_every", plan.evaluate_every},
          {"prompts", plan.prompts},
          {"samples", plan.samples},
          {"options", options},
          {"split", plan.split},
          {"trained", plan.trained},
          {"held_out", plan.held_out},
          {"seeds", plan.seeds}};
}

TrainingPlan training_plan_of(const Json& json, const std::string& where) {
  return reading(where, [&] {
    TrainingPlan plan;
    if (const int schema = json.at("schema"); schema != kTrainingSchema) {
      throw Error(ErrorCode::unsupported,
                  fmt::format("{}: expected schema {}, found {}", where, kTrainingSchema, schema));
    }
    json.at("program").get_to(plan.program);
    json.at("study").get_to(plan.study);
    json.at("setting").get_to(plan.setting);
    json.at("channel").get_to(plan.channel);
    json.at("model").get_to(plan.model);
    json.at("identity").get_to(plan.identity);
    json.at("wording").get_to(plan.wording);
    json.at("arm").get_to(plan.arm);
    json.at("contrast").at("more").get_to(plan.contrast.more);
    json.at("contrast").at("less").get_to(plan.contrast.less);
    json.at("margin_points").get_to(plan.margin_points);
    json.at("steps").get_to(plan.steps);
    json.at("evaluate_every").get_to(plan.evaluate_every);
    json.at("prompts").get_to(plan.prompts);
    json.at("samples").get_to(plan.samples);
    for (const auto& [name, value] : json.at("options").items()) {
      plan.options.emplace_back(name, value.get<std::string>());
    }
    json.at("split").get_to(plan.split);
    json.at("trained").get_to(plan.trained);
    json.at("held_out").get_to(plan.held_out);
    json.at("seeds").get_to(plan.seeds);
    return plan;
  });
}

Json to_json(const TrainingStep& step) {
  Json json = {{"step", step.step}};
  for (const StepField& field : kStepFields) json[field.name] = step.*field.value;
  return json;
}

TrainingStep training_step_of(const Json& json, const std::string& where) {
  return reading(where, [&] {
    TrainingStep step;
    json.at("step").get_to(step.step);
    for (const StepField& field : kStepFields) json.at(field.name).get_to(step.*field.value);
    return step;
  });
}

std::vector<TrainingStep> read_training_steps(const fs::path& file) {
  std::vector<TrainingStep> steps;
  read_step_lines(file, 1, [&](const Json& json, const std::string& where) {
    return steps.emplace_back(training_step_of(json, where)).step;
  });
  return steps;
}

std::string_view name_of(TrainingEnd::Why why) { return name_in(kWhyNames, why); }

Json to_json(const TrainingEnd& end) {
  return {{"why", name_of(end.why)}, {"step", end.step}, {"alarm", end.alarm}, {"text", end.text}};
}

std::optional<TrainingEnd> read_training_end(const fs::path& seed_folder) {
  const fs::path file = seed_folder / kEndFile;
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return std::nullopt;
  const Json json = parse_json(read_file(file, kMaxFile), file.string());
  return reading(file.string(), [&] {
    TrainingEnd end;
    const std::string why = json.at("why");
    const auto known = value_in(kWhyNames, why);
    if (!known) {
      throw Error(ErrorCode::corrupt, fmt::format("{}: why: expected finished, alarm or saturated, "
                                                  "found \"{}\"",
                                                  file.string(), why));
    }
    end.why = *known;
    json.at("step").get_to(end.step);
    json.at("alarm").get_to(end.alarm);
    json.at("text").get_to(end.text);
    return end;
  });
}

std::string seed_folder_name(std::uint64_t seed) { return fmt::format("seed-{}", seed); }
std::string step_folder_name(std::int64_t step) { return fmt::format("step-{:04}", step); }

bool is_training(const fs::path& folder) {
  std::error_code status;
  return fs::is_regular_file(folder / kTrainingFile, status);
}

std::vector<TrainingLook> read_looks(const fs::path& folder, std::size_t planned) {
  std::vector<TrainingLook> looks;
  std::error_code status;
  for (const auto& entry : fs::directory_iterator(folder, status)) {
    const std::string name = entry.path().filename().string();
    std::int64_t step = 0;
    if (!name.starts_with("step-") || !fs::exists(entry.path() / "summary.json", status)) continue;
    for (const char digit : name.substr(5)) {
      if (digit < '0' || digit > '9') step = -1;
      if (step >= 0) step = 10 * step + (digit - '0');
    }
    if (step < 0) continue;
    const Store store(entry.path() / "run.db");
    looks.push_back(look_of(store, summarize(store), step, planned));
  }
  std::ranges::sort(looks, {}, &TrainingLook::step);
  return looks;
}

namespace {

TrainingSeed read_seed(const fs::path& folder, std::uint64_t seed, const TrainingPlan& plan) {
  TrainingSeed out{.seed = seed,
                   .steps = read_training_steps(folder / kStepsFile),
                   .looks = read_looks(folder, plan.planned_looks()),
                   .end = read_training_end(folder)};
  std::vector<double> rewards;
  for (const TrainingStep& step : out.steps) rewards.push_back(step.reward);
  std::vector<GapLook> gaps;
  for (const TrainingLook& look : out.looks) gaps.push_back(look.adjusted);
  out.saturated_at = saturated_while_gap_stays(rewards, gaps, plan.margin_points);
  return out;
}

}  // namespace

Training read_training(const fs::path& folder) {
  const fs::path file = folder / kTrainingFile;
  if (!is_training(folder)) {
    throw Error(ErrorCode::not_found, fmt::format("{}: {}", file.string(), why_no_file(file)),
                "give the folder that iago train rl named");
  }
  Training training{.folder = folder,
                    .plan = training_plan_of(parse_json(read_file(file, kMaxFile), file.string()),
                                             file.string())};
  std::error_code status;
  for (const std::uint64_t seed : training.plan.seeds) {
    const fs::path of_seed = folder / seed_folder_name(seed);
    if (fs::is_directory(of_seed, status)) {
      training.seeds.push_back(read_seed(of_seed, seed, training.plan));
    }
  }
  return training;
}

}  // namespace iago
