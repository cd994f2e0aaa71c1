// The files of a training's folder, written and read.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "figures/internal/step_lines.h"
#include "figures/training.h"
#include "record/names.h"
#include "text/printable.h"

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

[[noreturn]] void not_in_range(const std::string& where, const char* field,
                               const std::string& expected, const Json& found) {
  throw Error(ErrorCode::corrupt,
              fmt::format("{}: {}: expected {}, found {}", where, field, expected,
                          printable(dump_json(found), 100)),
              "restore the file, or start a new training with another --out");
}

// At least 0.
bool is_whole(const Json& json) {
  return json.is_number_unsigned() || (json.is_number_integer() && json.get<std::int64_t>() >= 0);
}

// Up to kMostTrainingSteps.
std::int64_t steps_in(const Json& json, const char* field, std::int64_t least,
                      const std::string& where) {
  const Json& found = json.at(field);
  if (is_whole(found)) {
    const auto number = found.get<std::uint64_t>();
    if (number >= static_cast<std::uint64_t>(least) &&
        number <= static_cast<std::uint64_t>(kMostTrainingSteps)) {
      return static_cast<std::int64_t>(number);
    }
  }
  not_in_range(where, field, fmt::format("a whole number from {} to {}", least, kMostTrainingSteps),
               found);
}

// Runs `read`, and says which file is not what this program writes.
template <typename Read>
auto reading(const std::string& where, Read read) {
  try {
    return read();
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorCode::corrupt,
                fmt::format("{}: not what iago train rl writes: {}", where, error.what()),
                "restore the file, or start a new training with another --out");
  }
}

}  // namespace

std::size_t TrainingPlan::planned_looks() const {
  if (evaluate_every <= 0) return 0;
  return static_cast<std::size_t>((steps + evaluate_every - 1) / evaluate_every + 1);
}

bool TrainingPlan::is_look(std::int64_t step) const {
  return step == steps || (step >= 0 && step < steps && step % evaluate_every == 0);
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
                  fmt::format("{}: expected schema {}, found {}", where, kTrainingSchema, schema),
                  "read it with the version of iago that wrote it");
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
    if (!is_margin(plan.margin_points)) {
      not_in_range(where, "margin_points", "points above 0 and up to 100",
                   json.at("margin_points"));
    }
    plan.steps = steps_in(json, "steps", 1, where);
    plan.evaluate_every = steps_in(json, "evaluate_every", 1, where);
    plan.prompts = steps_in(json, "prompts", 1, where);
    plan.samples = steps_in(json, "samples", 1, where);
    for (const auto& [name, value] : json.at("options").items()) {
      plan.options.emplace_back(name, value.get<std::string>());
    }
    json.at("split").get_to(plan.split);
    json.at("trained").get_to(plan.trained);
    json.at("held_out").get_to(plan.held_out);
    for (const Json& seed : json.at("seeds")) {
      if (!is_whole(seed)) not_in_range(where, "seeds", "whole numbers", seed);
      plan.seeds.push_back(seed.get<std::uint64_t>());
    }
    if (std::set(plan.seeds.begin(), plan.seeds.end()).size() != plan.seeds.size()) {
      not_in_range(where, "seeds", "each seed once", json.at("seeds"));
    }
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
    step.step = steps_in(json, "step", 1, where);
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

TrainingEnd training_end_of(const Json& json, const std::string& where) {
  return reading(where, [&] {
    TrainingEnd end;
    const std::string why = json.at("why");
    const auto known = value_in(kWhyNames, why);
    if (!known) not_in_range(where, "why", "finished, alarm or saturated", json.at("why"));
    end.why = *known;
    end.step = steps_in(json, "step", 0, where);
    json.at("alarm").get_to(end.alarm);
    json.at("text").get_to(end.text);
    return end;
  });
}

std::optional<TrainingEnd> read_training_end(const fs::path& seed_folder) {
  const fs::path file = seed_folder / kEndFile;
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return std::nullopt;
  return training_end_of(read_own_json(file, kMaxFile), file.string());
}

std::string seed_folder_name(std::uint64_t seed) { return fmt::format("seed-{}", seed); }
std::string step_folder_name(std::int64_t step) { return fmt::format("step-{:04}", step); }

bool is_training(const fs::path& folder) {
  std::error_code status;
  return fs::is_regular_file(folder / kTrainingFile, status);
}

std::string evaluated_name(const TrainingPlan& plan, std::uint64_t seed, std::int64_t step) {
  return fmt::format("{} after {} steps (seed {})", plan.model, step, seed);
}

namespace {

constexpr const char* kRestoreLook =
    "restore the training's folder from a copy: an evaluation cannot be made again, since its "
    "weights are gone";

[[noreturn]] void damaged(const fs::path& where, const std::string& what) {
  throw Error(ErrorCode::corrupt, fmt::format("{}: {}", where.string(), what), kRestoreLook);
}

// Those of the plan in this folder, as far as they are over.
std::vector<std::int64_t> evaluated_steps(const fs::path& folder, const TrainingPlan& plan) {
  std::vector<std::int64_t> steps;
  std::error_code status;
  for (const auto& entry : fs::directory_iterator(folder, status)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("step-") || !fs::exists(entry.path() / "summary.json", status)) continue;
    std::int64_t step = 0;
    const char *begin = name.data() + 5, *end = name.data() + name.size();
    const auto [read_to, error] = std::from_chars(begin, end, step);
    const bool is_number = error == std::errc() && read_to == end && step >= 0;
    if (!is_number || step_folder_name(step) != name || !plan.is_look(step)) {
      damaged(entry.path(),
              fmt::format("no evaluation of this training, which has one every {} of {} steps",
                          plan.evaluate_every, plan.steps));
    }
    steps.push_back(step);
  }
  std::ranges::sort(steps);
  return steps;
}

TrainingLook read_look(const fs::path& folder, const TrainingPlan& plan, std::uint64_t seed,
                       std::int64_t step) {
  try {
    const Store store(folder / "run.db");
    if (store.run().subject != evaluated_name(plan, seed, step)) {
      damaged(folder, fmt::format("expected an evaluation of \"{}\", found one of \"{}\"",
                                  evaluated_name(plan, seed, step), store.run().subject));
    }
    return look_of(store, summarize(store), step, plan.planned_looks());
  } catch (const Error& error) {
    if (error.code() != ErrorCode::corrupt && error.code() != ErrorCode::not_found) throw;
    throw Error(ErrorCode::corrupt, error.what(), kRestoreLook);
  }
}

}  // namespace

std::vector<TrainingLook> read_looks(const fs::path& folder, const TrainingPlan& plan,
                                     std::uint64_t seed) {
  std::vector<TrainingLook> looks;
  std::int64_t expected = 0;
  for (const std::int64_t step : evaluated_steps(folder, plan)) {
    if (step != expected) {
      damaged(folder / step_folder_name(expected),
              "this evaluation is missing, and later ones are there");
    }
    looks.push_back(read_look(folder / step_folder_name(step), plan, seed, step));
    expected = std::min(step + plan.evaluate_every, plan.steps);
  }
  return looks;
}

namespace {

// The end, the steps and the evaluations tell the same.
void check_end(const TrainingSeed& seed, const fs::path& folder, const TrainingPlan& plan) {
  const auto steps = static_cast<std::int64_t>(seed.steps.size());
  const std::int64_t looked = seed.looks.empty() ? 0 : seed.looks.back().step;
  if (steps > plan.steps || looked > steps) {
    damaged(folder / kStepsFile,
            fmt::format("expected {} to {} steps, found {}", looked, plan.steps, steps));
  }
  if (!seed.end) return;
  const bool is_alarm = seed.end->why == TrainingEnd::Why::alarm;
  if (seed.end->step != steps || (!is_alarm && looked != steps) ||
      (seed.end->why == TrainingEnd::Why::finished && steps != plan.steps)) {
    damaged(folder / kEndFile,
            fmt::format("it says {} at step {}, but {} steps and evaluations up to step {} of {} "
                        "are there",
                        name_of(seed.end->why), seed.end->step, steps, looked, plan.steps));
  }
}

TrainingSeed read_seed(const fs::path& folder, std::uint64_t seed, const TrainingPlan& plan) {
  TrainingSeed out{.seed = seed,
                   .steps = read_training_steps(folder / kStepsFile),
                   .looks = read_looks(folder, plan, seed),
                   .end = read_training_end(folder)};
  check_end(out, folder, plan);
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
                    .plan = training_plan_of(read_own_json(file, kMaxFile), file.string())};
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
