#include "cli/internal/study_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/error.h"
#include "base/model_name.h"
#include "cli/internal/parameter_option.h"
#include "cli/internal/query_options.h"
#include "cli/internal/shipped_study.h"
#include "judge/open_judges.h"
#include "judge/rule_judges.h"
#include "models/open_model.h"
#include "text/printable.h"

namespace iago {

void StudyOptions::add_to(CLI::App& command) {
  command.add_option("study", file, "The study's TOML file, or the name of a shipped study")
      ->required();
  command
      .add_option("--model", models,
                  "organism:NAME, world:NAME, local:FOLDER, openai:MODEL, anthropic:MODEL or "
                  "scripted:FILE. Repeat it to run several models and compare them")
      ->allow_extra_args(false);
  command
      .add_option("--judge", judges,
                  "A rule judge, a rubric's name or its .toml file, or \"setting\" for the judge "
                  "that the setting names; NAME@MODEL also names its model. Repeat it for several "
                  "(default: the study's own)")
      ->allow_extra_args(false);
  command.add_option("--judge-model", overrides.judge_model, "Default model for judges");
  command.add_flag("--all-reasoning", overrides.all_reasoning,
                   "Ask judges' models about the reasoning of every answer, not only of those that "
                   "comply. It costs more and changes no figure of the report");
  command.add_option("--setting", overrides.setting, "A setting's name or folder");
  command.add_option("--channel", overrides.channel,
                     "One of the setting's channels, such as full or terse");
  add_query_options(command, overrides);
  command
      .add_option("--wording", overrides.wordings,
                  "A wording of the setting's prompt; a+b combines two. Repeat it for several in "
                  "one run; \"all\" means every wording of the channel, without combinations")
      ->allow_extra_args(false);
  command.add_option("--reference", overrides.reference,
                     "The wording to compare the others with (default: the first)");
  command.add_option("--arms", overrides.arms, "Arms, separated by commas")->delimiter(',');
  command
      .add_option("--contrast", overrides.contrasts,
                  "Two arms to compare, as MORE-LESS. Repeat it for several; the first decides")
      ->allow_extra_args(false);
  command
      .add_option("--set", parameters,
                  "Set a parameter of the setting, as NAME=VALUE. Repeat it for several")
      ->allow_extra_args(false);
  command.add_option("--cluster-by", overrides.cluster_by,
                     "A label of the queries, by which they were drawn together, such as topic");
  command.add_option("--groups", overrides.groups,
                     "A label of the queries: show and compare the gap of each group (default: "
                     "topic, where queries have topics; \"\" for none)");
  command.add_option("--repeats", overrides.repeats, "Trials of each query in each arm");
  command.add_option("--seed", overrides.seed, "Seed of the run's random draws");
  command.add_flag("--logprobs", overrides.logprobs,
                   "Store the log-probability of every token that the model says");
  runs.add_to(command);
  command.add_flag("--new", fresh, "Start another run, even if there is one to resume");
  output.add_to(command);
}

namespace {

// A rubric's path, on the command line relative to the working folder, as a study has it.
std::vector<std::string> judge_names_from_here(std::vector<std::string> judges) {
  for (std::string& judge : judges) {
    const std::string rubric(rubric_in_judge_name(judge));
    if (!rubric.ends_with(".toml")) continue;
    judge.replace(0, rubric.size(), std::filesystem::absolute(rubric).lexically_normal().string());
  }
  return judges;
}

}  // namespace

StudyOverrides StudyOptions::resolved_overrides() const {
  StudyOverrides resolved = overrides;
  for (auto& [name, value] : read_parameters(parameters)) resolved.parameters[name] = value;
  if (!judges.empty()) resolved.judges = judge_names_from_here(judges);
  return resolved;
}

namespace {

// Those that can never come are an error before anything is asked.
void check_logprobs(const Study& study, const StudyOptions& options,
                    const StudyOverrides& overrides) {
  const bool can_come = token_logprobs_of(study.model) != TokenLogprobs::never;
  if (!study.sampling.logprobs || can_come) return;
  const std::string asked_by = overrides.logprobs
                                   ? std::string("--logprobs")
                                   : fmt::format("{}: sampling.logprobs", options.file.string());
  throw Error(ErrorCode::invalid,
              fmt::format("{}: expected a model that gives log-probabilities, found {}", asked_by,
                          printable(study.model)),
              "use organism:NAME, local:FOLDER, or openai:MODEL on a server that gives them; or do "
              "not ask for them");
}

// Does a judge need a model, where none is named and the study says who judges without?
bool lacks_judge_model(const Study& study) {
  if (!study.judge_model.empty() || study.judges_without_model.empty()) return false;
  const std::vector<std::string> rules = rule_judge_names();
  return std::ranges::any_of(study.judges, [&](const std::string& judge) {
    return std::ranges::count(rules, judge) == 0 && split_judge_name(judge).model.empty();
  });
}

}  // namespace

LoadedStudy load_study_with_model(const StudyOptions& options, const StudyOverrides& overrides,
                                  const Context& context) {
  LoadedStudy loaded = load_study(study_file(options.file, context.data), overrides, context.data);
  if (loaded.study.model.empty()) {
    throw Error(
        ErrorCode::invalid, fmt::format("{}: no model", options.file.string()),
        "name one with --model: openai:MODEL, anthropic:MODEL, local:FOLDER or organism:NAME; or "
        "write model = \"...\" into the study");
  }
  check_logprobs(loaded.study, options, overrides);
  if (lacks_judge_model(loaded.study)) loaded.study.judges = loaded.study.judges_without_model;
  return loaded;
}

std::string judges_note(const Study& study) {
  const bool is_without = study.judge_model.empty() && !study.judges_without_model.empty() &&
                          study.judges == study.judges_without_model;
  if (!is_without) return {};
  return fmt::format(
      "note: no model judges (--judge-model KIND:NAME), so {} judge instead. They err much on the "
      "prose of real models (docs/rule-judges.md); the verdict stays provisional",
      fmt::join(study.judges, " and "));
}

std::vector<StudyOverrides> overrides_per_model(const StudyOptions& options,
                                                const Context& context) {
  constexpr std::size_t kMostModels = 100;
  const StudyOverrides overrides = options.resolved_overrides();
  std::vector<std::string> models = options.models;
  if (models.empty())
    models =
        load_study(study_file(options.file, context.data), overrides, context.data).study.models;
  if (models.size() > kMostModels) {
    throw Error(ErrorCode::invalid, fmt::format("--model: expected at most {} models, found {}",
                                                kMostModels, models.size()));
  }
  if (models.empty()) return {overrides};
  std::vector<StudyOverrides> each;
  for (const std::string& model : models) {
    if (std::ranges::count(models, model) > 1) {
      throw Error(ErrorCode::invalid, fmt::format("--model: {} is given twice", printable(model)),
                  "use --repeats for more completions of one model, --seed for other random draws");
    }
    each.push_back(overrides);
    each.back().model = model;
  }
  return each;
}

}  // namespace iago
