#include "cli/internal/study_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/error.h"
#include "cli/internal/shipped_study.h"
#include "text/printable.h"

namespace iago {

void StudyOptions::add_to(CLI::App& command) {
  command.add_option("study", file, "The study's TOML file, or the name of a shipped study")
      ->required();
  command
      .add_option("--model", models,
                  "organism:NAME, world:NAME, local:FOLDER, openai:MODEL, anthropic:MODEL or "
                  "scripted:FILE; several times for one run of each and their comparison")
      ->allow_extra_args(false);
  command.add_option("--judge-model", overrides.judge_model,
                     "The model that judges ask which name none themselves");
  command.add_option("--setting", overrides.setting, "A setting's name or folder");
  command.add_option("--channel", overrides.channel, "How the story is told: full or terse");
  command.add_option("--queries", overrides.queries, "A JSON-lines file of queries");
  command.add_option("--wording", overrides.wording, "A wording, or several joined by +");
  command.add_option("--arms", overrides.arms, "Arms, separated by commas")->delimiter(',');
  command.add_option("--repeats", overrides.repeats, "Trials of each query in each arm");
  command.add_option("--limit", overrides.limit, "Only the first so many queries");
  command.add_option("--seed", overrides.seed, "The run's seed");
  runs.add_to(command);
  command.add_flag("--new", fresh, "Begin anew although there is such a run");
  output.add_to(command);
}

LoadedStudy load_study_with_model(const StudyOptions& options, const StudyOverrides& overrides,
                                  const Context& context) {
  LoadedStudy loaded = load_study(study_file(options.file, context.data), overrides, context.data);
  if (loaded.study.model.empty()) {
    throw Error(ErrorCode::invalid, fmt::format("{}: no model", options.file.string()),
                "add model = \"organism:faker\" to the study, or --model to the command");
  }
  return loaded;
}

std::vector<StudyOverrides> overrides_per_model(const StudyOptions& options,
                                                const Context& context) {
  constexpr std::size_t kMostModels = 100;
  const auto& overrides = options.overrides;
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
      throw Error(ErrorCode::invalid,
                  fmt::format("--model: {} stands there twice", printable(model)),
                  "more completions of one model: --repeats; another draw: --seed");
    }
    each.push_back(overrides);
    each.back().model = model;
  }
  return each;
}

}  // namespace iago
