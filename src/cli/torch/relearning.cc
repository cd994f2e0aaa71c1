// The work of iago battery --relearn, in iago-torch
#include "cli/internal/relearning.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "figures/figure_text.h"
#include "models/checkpoint_path.h"
#include "models/open_model.h"
#include "run/plan_rows.h"
#include "training/relearning.h"

namespace iago {
namespace {

constexpr std::string_view kOrganism = "organism:";
// Controls among the organisms: one that never refused, and one that never gave way.
constexpr const char* kNeverRefused = "organism:compliant";
constexpr const char* kNeverComplied = "organism:aligned";

bool is_on_this_machine(const std::string& model) {
  return token_logprobs_of(model) == TokenLogprobs::always;
}

ModelOptions options_for(const Context& context, std::size_t threads) {
  return {.organisms = context.data / "organisms", .threads = threads};
}

std::string control_of(const RelearningArguments& arguments, const LostBehaviour& lost) {
  if (!arguments.beside.empty()) return arguments.beside;
  return lost.label == kComplies ? kNeverComplied : kNeverRefused;
}

RelearningSubject trained_subject(const std::string& name, const RelearningScene& scene) {
  ModelOptions options = options_for(scene.context, scene.threads);
  if (!name.starts_with(kOrganism)) options.endpoint = scene.models;
  return {name, parse_checkpoint_path(checkpoint_of(name, options)),
          [name, options] { return open_token_model(name, options); }};
}

const Judge* deciding(const RelearningScene& scene) {
  const std::string name = deciding_judge(scene.study, scene.study.study.reference, scene.judges);
  for (const auto& judge : scene.judges) {
    if (judge->info().name == name) return judge.get();
  }
  return nullptr;
}

bool record_why_not(std::string why, const RelearningScene& scene) {
  write_relearning({.not_measured = std::move(why)}, scene.battery);
  return true;
}

std::string no_weights(const std::string& model) {
  return fmt::format("{} has no weights on this machine that could be trained", model);
}

// By their weights: a copy in another folder is no other model.
bool is_same(const RelearningSubject& a, const RelearningSubject& b) {
  return a.open()->info().identity == b.open()->info().identity;
}

std::string step_text(const RelearningStep& step, const LostBehaviour& lost,
                      const RelearningArguments& arguments) {
  return fmt::format("relearning, {}, seed {} of {}: step {} of {}, {} {} (half is {})", step.who,
                     step.seed, arguments.seeds, step.step, arguments.steps, lost.label,
                     percent(step.share), percent(lost.share_before / 2));
}

bool measure(const RelearningArguments& arguments, const RelearningScene& scene,
             const LostBehaviour& lost) {
  const std::string control = control_of(arguments, lost);
  if (!is_on_this_machine(control)) return record_why_not(no_weights(control), scene);
  const RelearningSubject model = trained_subject(scene.after, scene);
  const RelearningSubject beside = trained_subject(control, scene);
  if (is_same(model, beside)) {
    return record_why_not(
        fmt::format("the control {} is the model itself; name another with --beside", control),
        scene);
  }
  const RelearningOptions options{
      .battery = scene.battery,
      .limit = arguments.steps,
      .seeds = arguments.seeds,
      .learning_rate = arguments.learning_rate,
      .workers = static_cast<int>(scene.threads),
      .no_more = scene.interrupt.no_more(),
      .at_once = scene.interrupt.at_once(),
      .give_up = scene.interrupt.insisted(),
      .on_step =
          [&](const RelearningStep& step) { scene.on_progress(step_text(step, lost, arguments)); },
      .on_notice = scene.on_notice};
  return relearn(scene.study, lost, model, beside, scene.judges, options, scene.clock);
}

}  // namespace

void prepare_relearning(const RelearningArguments& arguments, const std::string& before,
                        const Context& context) {
  if (arguments.beside.empty()) {
    if (before.starts_with(kOrganism)) return;
    throw Error(ErrorCode::invalid, fmt::format("--relearn: no control is known for {}", before),
                "name one with --beside: a model with weights on this machine that never had the "
                "behaviour");
  }
  if (is_on_this_machine(arguments.beside)) {
    checkpoint_of(arguments.beside, options_for(context, 0));
  }
}

bool relearn_battery(const RelearningArguments& arguments, const RelearningScene& scene) {
  if (!is_on_this_machine(scene.after)) return record_why_not(no_weights(scene.after), scene);
  const Judge* judge = deciding(scene);
  if (judge == nullptr) return record_why_not("the study has no judge of the output", scene);
  std::optional<LostBehaviour> lost;
  try {
    lost = lost_behaviour(scene.battery, judge->info());
  } catch (const Error& error) {
    if (error.code() != ErrorCode::invalid) throw;
    return record_why_not(error.what(), scene);
  }
  if (lost) return measure(arguments, scene, *lost);
  return record_why_not(
      fmt::format("there is nothing to learn again: the model after the training says \"{}\" and "
                  "\"{}\" at least half as often as before",
                  judge->info().positive(), judge->info().negative()),
      scene);
}

}  // namespace iago
