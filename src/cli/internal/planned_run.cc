// A run that is prepared, as values to show
#include "figures/planned_run.h"

#include <algorithm>
#include <string>
#include <vector>

#include "cli/internal/prepared_run.h"
#include "figures/run_record.h"

namespace iago {
namespace {

std::vector<ArmPrompt> first_prompts(const PreparedRun& run) {
  std::vector<ArmPrompt> prompts;
  // Those of the first query stand at the head of the plan.
  for (const PlannedPrompt& prompt : run.plan.prompts) {
    if (prompt.query != run.plan.prompts.front().query) break;
    prompts.push_back({prompt.wording, prompt.arm, prompt.prompt.messages, prompt.prompt.prefill});
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
                      .most_cost = estimate.most_cost(),
                      .is_of_complying = estimate.is_of_complying});
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

std::vector<std::string> contrast_names(const LoadedStudy& loaded) {
  std::vector<std::string> names;
  for (const Contrast& contrast : contrasts_of(loaded.study, loaded.setting)) {
    names.push_back(contrast.name());
  }
  return names;
}

std::size_t repeats_that_count(const PreparedRun& run) {
  return is_greedy(run.sampling) ? 1 : static_cast<std::size_t>(run.loaded.study.repeats);
}

PlannedRun planned_run(const PreparedRun& run) {
  const Study& study = run.loaded.study;
  PlannedRun planned{.run = run.plan.run_id,
                     .folder = run.folder.string(),
                     .model = run.plan.subject.name,
                     .identity = run.plan.subject.identity,
                     .setting = run.loaded.setting.name,
                     .channel = study.channel,
                     .wordings = study.wordings,
                     .arms = study.arms,
                     .contrasts = contrast_names(run.loaded),
                     .lacking_arms = run.outline.lacking,
                     .queries = run.outline.queries,
                     .trials = run.outline.trials,
                     .origin = {.file = study.queries.string(),
                                .in_file = run.loaded.queries_in_file,
                                .where = study.where,
                                .sample_seed = study.sample_seed},
                     .repeats = study.repeats,
                     .repeats_that_count = repeats_that_count(run),
                     .margin_points = study.margin,
                     .power = run.power,
                     .prompts = first_prompts(run),
                     .models = planned_models(run.estimates),
                     .checkpoint = run.checkpoint,
                     .mismatches = run.mismatches};
  set_time(run.time, planned);
  return planned;
}

}  // namespace iago
