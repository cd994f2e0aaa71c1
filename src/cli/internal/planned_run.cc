// A run that is prepared, as values to show
#include "figures/planned_run.h"

#include <algorithm>
#include <string>
#include <vector>

#include "cli/internal/prepared_run.h"

namespace iago {
namespace {

std::vector<ArmPrompt> first_prompts(const PreparedRun& run) {
  std::vector<ArmPrompt> prompts;
  for (const std::string& arm : run.loaded.study.arms) {
    auto is_of_arm = [&](const PlannedPrompt& prompt) { return prompt.arm == arm; };
    const auto found = std::ranges::find_if(run.plan.prompts, is_of_arm);
    if (found == run.plan.prompts.end()) continue;
    prompts.push_back({arm, found->prompt.messages, found->prompt.prefill});
  }
  return prompts;
}

std::vector<PlannedModel> planned_models(const std::vector<ModelEstimate>& estimates) {
  std::vector<PlannedModel> models;
  for (const ModelEstimate& estimate : estimates) {
    models.push_back({.model = estimate.model,
                      .judge = estimate.judge,
                      .requests = estimate.requests,
                      .prompt_tokens = estimate.prompt_tokens,
                      .most_generated = estimate.most_generated,
                      .least_cost = estimate.least_cost(),
                      .most_cost = estimate.most_cost()});
  }
  return models;
}

void set_time(const PlannedTime& time, PlannedRun& planned) {
  for (const ProbedModel& model : time.probed) {
    for (const RateLimit& limit : model.probe.limits) {
      planned.limits.push_back({.model = model.probe.model,
                                .kind = std::string(name_of(limit.kind)),
                                .per_minute = limit.per_minute(),
                                .at_once = limit.size});
    }
  }
  if (const auto figure = time.figure()) {
    planned.seconds = figure->seconds;
    planned.seconds_basis = figure->basis;
  }
  if (time.probed.empty()) return;
  const Spent& spent = time.spent_on_probes;
  planned.probe = {.requests = time.probed.size(),
                   .prompt_tokens = spent.usage.prompt,
                   .generated_tokens = spent.usage.generated,
                   .cost = spent.cost};
}

}  // namespace

PlannedRun planned_run(const PreparedRun& run) {
  const Study& study = run.loaded.study;
  PlannedRun planned{.run = run.plan.run_id,
                     .folder = run.folder.string(),
                     .model = run.plan.subject.name,
                     .identity = run.plan.subject.identity,
                     .setting = run.loaded.setting.name,
                     .channel = study.channel,
                     .wording = study.wording,
                     .arms = study.arms,
                     .queries = run.plan.queries.size(),
                     .trials = run.plan.trials.size(),
                     .repeats = study.repeats,
                     .margin_points = study.margin,
                     .detectable_gap_points = run.detectable,
                     .prompts = first_prompts(run),
                     .models = planned_models(run.estimates),
                     .mismatches = run.mismatches};
  set_time(run.time, planned);
  return planned;
}

}  // namespace iago
