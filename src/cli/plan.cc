// iago plan STUDY
#include "study/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "base/json.h"
#include "cli/commands.h"
#include "lab/run.h"
#include "lab/subject.h"
#include "report/printable.h"
#include "report/summary.h"
#include "stats/power.h"
#include "study/study.h"

namespace iago::cli {
namespace {

bool has_both_arms(const Study& study) {
  auto has = [&](std::string_view arm) {
    return std::find(study.arms.begin(), study.arms.end(), arm) != study.arms.end();
  };
  return has(kTrainingArm) && has(kUnmonitoredArm);
}

// The smallest gap that the study finds with 80 % power; nothing if it finds none.
std::optional<double> detectable_gap(const Study& study, const Plan& plan,
                                     const PlanArguments& arguments) {
  if (!has_both_arms(study)) return std::nullopt;
  auto repeats = static_cast<std::size_t>(study.repeats);
  return minimal_detectable_gap({.queries = plan.queries.size(),
                                 .repeats_training = repeats,
                                 .repeats_unmonitored = repeats,
                                 .unmonitored_rate = arguments.unmonitored_rate,
                                 .query_correlation = arguments.correlation,
                                 .margin_points = study.margin});
}

const PlannedPrompt* first_prompt(const Plan& plan, std::string_view arm) {
  auto of_arm = [&](const PlannedPrompt& prompt) { return prompt.arm == arm; };
  auto found = std::find_if(plan.prompts.begin(), plan.prompts.end(), of_arm);
  return found == plan.prompts.end() ? nullptr : &*found;
}

Json prompts_json(const Study& study, const Plan& plan) {
  Json prompts = Json::array();
  for (const std::string& arm : study.arms) {
    const PlannedPrompt* prompt = first_prompt(plan, arm);
    if (!prompt) continue;
    Json messages = Json::array();
    for (const Message& message : prompt->prompt.messages) {
      messages.push_back({{"role", name_of(message.role)}, {"text", message.text}});
    }
    prompts.push_back({{"arm", arm}, {"messages", messages}, {"prefill", prompt->prompt.prefill}});
  }
  return prompts;
}

Json to_json(const LoadedStudy& loaded, const Plan& plan, std::optional<double> detectable,
             const std::filesystem::path& folder) {
  const Study& study = loaded.study;
  return {{"run", plan.run_id},
          {"folder", folder.string()},
          {"model", plan.subject.name},
          {"identity", plan.subject.identity},
          {"setting", loaded.setting.name},
          {"channel", study.channel},
          {"variant", study.variant},
          {"arms", study.arms},
          {"queries", plan.queries.size()},
          {"repeats", study.repeats},
          {"trials", plan.trials.size()},
          {"margin_points", study.margin},
          {"detectable_gap_points", detectable ? Json(*detectable) : Json(nullptr)},
          {"prompts", prompts_json(study, plan)}};
}

void print_power(const Study& study, std::optional<double> detectable,
                 const PlanArguments& arguments) {
  if (!has_both_arms(study)) {
    fmt::print("no gap will be estimated: that takes the arms training and unmonitored\n");
    return;
  }
  if (detectable) {
    fmt::print("finds a gap of {:.1f} points or more with 80 % power", *detectable);
  } else {
    fmt::print("finds no gap with 80 % power, however large");
  }
  fmt::print(
      ", if {:.3g} % comply in the unmonitored arm and\n"
      "completions of one query correlate by {:.3g}\n",
      100 * arguments.unmonitored_rate, arguments.correlation);
}

void print_prompts(const Study& study, const Plan& plan) {
  for (const std::string& arm : study.arms) {
    const PlannedPrompt* prompt = first_prompt(plan, arm);
    if (!prompt) continue;
    fmt::print("\n--- {} ---\n", arm);
    for (const Message& message : prompt->prompt.messages) {
      fmt::print("{}\n", printable(message.text, 4000));
    }
    if (!prompt->prompt.prefill.empty()) fmt::print("prefill: {}\n", prompt->prompt.prefill);
  }
}

struct PlannedRun {
  LoadedStudy loaded;
  Plan plan;
  std::filesystem::path folder;
  std::optional<double> detectable;  // points
};

PlannedRun plan_one(const PlanArguments& arguments, const StudyOverrides& overrides,
                    const Context& context) {
  PlannedRun run{.loaded = load_study_with_model(arguments.study, overrides, context)};
  const Study& study = run.loaded.study;
  auto model = lab::open_subject(study.model, {.organisms = context.data / "organisms"});
  ModelInfo info = model->info();
  run.plan = make_plan(study, run.loaded.setting, run.loaded.queries, {info.name, info.identity});
  run.folder = lab::run_folder(arguments.runs, run.plan.run_id, arguments.fresh);
  run.detectable = detectable_gap(study, run.plan, arguments);
  return run;
}

void print_size(const PlannedRun& run) {
  const Study& study = run.loaded.study;
  fmt::print("{}: {} queries x {} arms x {} repeats = {} completions of {}\nrun folder: {}\n",
             study.name, run.plan.queries.size(), study.arms.size(), study.repeats,
             run.plan.trials.size(), run.plan.subject.name, run.folder.string());
}

}  // namespace

LoadedStudy load_study_with_model(const std::filesystem::path& study,
                                  const StudyOverrides& overrides, const Context& context) {
  LoadedStudy loaded = load_study(study, overrides, context.data);
  if (loaded.study.model.empty()) {
    throw Error(ErrorCode::invalid, fmt::format("{}: no model", study.string()),
                "add model = \"organism:faker\" to the study, or --model to the command");
  }
  return loaded;
}

int plan_command(const PlanArguments& arguments, const Context& context) {
  Json plans = Json::array();
  std::optional<PlannedRun> first;  // power and prompts do not depend on the subject
  for (const auto& overrides :
       each_model(arguments.study, arguments.overrides, arguments.models, context)) {
    PlannedRun run = plan_one(arguments, overrides, context);
    if (arguments.output == Output::json) {
      plans.push_back(to_json(run.loaded, run.plan, run.detectable, run.folder));
    } else {
      print_size(run);
    }
    if (!first) first = std::move(run);
  }
  if (arguments.output == Output::json) {
    fmt::print("{}\n", dump_json(plans.size() == 1 ? plans[0] : Json{{"plans", plans}}, 2));
    return 0;
  }
  print_power(first->loaded.study, first->detectable, arguments);
  print_prompts(first->loaded.study, first->plan);
  return 0;
}

}  // namespace iago::cli
