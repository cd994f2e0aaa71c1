// A study's file, and the command line's changes to it.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/toml_reader.h"
#include "study/internal/placed_study.h"
#include "study/names.h"
#include "study/study.h"

namespace iago {
namespace {

constexpr int kMaxSamplingInt = 1'000'000;
constexpr std::size_t kMaxStops = 16;
constexpr std::size_t kMaxModels = 100;

Sampling read_sampling(TomlReader table) {
  Sampling sampling;
  sampling.temperature = table.number("temperature", 0, 10).value_or(sampling.temperature);
  sampling.top_p = table.number("top_p", 0, 1).value_or(sampling.top_p);
  if (sampling.top_p == 0) {
    throw table.error("top_p", "expected a number above 0, found 0",
                      "For the most probable token, set temperature = 0.");
  }
  auto integer = [&](const char* key, int least, int otherwise) {
    return static_cast<int>(table.integer(key, least, kMaxSamplingInt).value_or(otherwise));
  };
  sampling.top_k = integer("top_k", 0, sampling.top_k);
  sampling.max_tokens = integer("max_tokens", 1, sampling.max_tokens);
  sampling.stop = table.texts("stop");
  sampling.logprobs = table.boolean("logprobs").value_or(sampling.logprobs);
  table.finish();
  if (sampling.stop.size() > kMaxStops) {
    throw table.error("stop", fmt::format("more than {} stop strings", kMaxStops),
                      "Keep those that replies really end with.");
  }
  if (std::ranges::count(sampling.stop, "") > 0) {
    throw table.error("stop", "expected texts, found an empty one",
                      "An empty text would end every reply at once: remove it.");
  }
  return sampling;
}

void reject_twice(TomlReader& table, const std::string& key,
                  const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (std::ranges::count(names, name) > 1) {
      throw table.error(key, fmt::format("expected each once, \"{}\" is given twice", name),
                        kTwiceHint);
    }
  }
}

std::vector<std::string> read_models(TomlReader& file) {
  std::vector<std::string> models = file.texts("models");
  if (!file.has("models")) return models;
  if (file.has("model")) {
    throw file.error("models", "expected either model or models, found both",
                     "models = [...] makes one run of each; leave model out.");
  }
  if (models.empty() || models.size() > kMaxModels || std::ranges::count(models, "") > 0) {
    throw file.error(
        "models",
        fmt::format("expected 1 to {} models, none empty, found {}", kMaxModels, models.size()),
        "For example models = [\"organism:faker\", \"organism:aligned\"].");
  }
  reject_twice(file, "models", models);
  return models;
}

// Which of the file's queries are asked.
void read_choice(TomlReader& file, Study& study) {
  study.text_column = file.text("text_column").value_or("");
  study.where = file.texts("where");
  if (auto sample = file.integer("sample", 1, kMaxLimit)) {
    study.sample = static_cast<std::size_t>(*sample);
  }
  if (auto seed = file.integer("sample_seed", 0, kMaxSeed)) {
    study.sample_seed = static_cast<std::uint64_t>(*seed);
  }
  reject_twice(file, "where", study.where);
}

template <typename T>
T within(T value, T least, T most, std::string_view option) {
  if (value >= least && value <= most) return value;
  throw Error(
      ErrorCode::invalid,
      fmt::format("--{}: expected an integer from {} to {}, found {}", option, least, most, value),
      "Give one of that range, or leave the option out.");
}

}  // namespace

std::string PlacedStudy::place(const std::string& key) const {
  auto found = places.find(key);
  return found != places.end() ? found->second : fmt::format("{}: {}", where, key);
}

PlacedStudy read_study(std::string_view toml, std::string_view where) {
  TomlValue tree = parse_toml(toml, where, kMaxStudyBytes);
  TomlReader file(tree, std::string(where));
  PlacedStudy placed{.where = std::string(where)};
  Study& study = placed.study;
  study.name = required_name(file, "name");
  study.setting = file.required_text("setting");
  study.channel = file.required_text("channel");
  study.wordings = file.texts("wordings");
  study.reference = file.text("reference").value_or("");
  study.arms = file.texts("arms");
  study.contrasts = file.texts("contrasts");
  study.parameters = file.text_map("parameters");
  study.queries = file.text("queries").value_or("");
  read_choice(file, study);
  study.model = file.text("model").value_or("");
  study.models = read_models(file);
  study.repeats = static_cast<int>(file.integer("repeats", 1, kMaxRepeats).value_or(study.repeats));
  study.seed = static_cast<std::uint64_t>(
      file.integer("seed", 0, kMaxSeed).value_or(static_cast<std::int64_t>(study.seed)));
  if (auto limit = file.integer("limit", 1, kMaxLimit)) {
    study.limit = static_cast<std::size_t>(*limit);
  }
  if (auto sampling = file.table("sampling")) study.sampling = read_sampling(*sampling);
  study.margin = file.number("margin", 0, 100).value_or(study.margin);
  study.cluster_by = file.text("cluster_by").value_or("");
  study.groups = file.text("groups");
  study.strict_form = file.boolean("strict_form").value_or(study.strict_form);
  study.judges = file.texts("judges");
  study.judge_model = file.text("judge_model").value_or("");
  file.table("experiment");  // of iago documents experiment: document_experiment.h
  study.judges_without_model = file.texts("judges_without_model");
  reject_twice(file, "judges_without_model", study.judges_without_model);
  study.all_reasoning = file.boolean("all_reasoning").value_or(study.all_reasoning);
  file.finish();
  if (study.margin == 0) {
    throw file.error(
        "margin", "expected points above 0, found 0",
        "No interval lies inside a margin of 0: choose which gap is too small to matter.");
  }
  if (study.judges.empty()) {
    throw file.error("judges", "expected at least one judge, found none",
                     "For example judges = [\"compliance-rules\", \"faking-rules\"].");
  }
  reject_twice(file, "arms", study.arms);
  reject_twice(file, "contrasts", study.contrasts);
  reject_twice(file, "judges", study.judges);
  for (const auto& [key, value] : tree.fields) {
    placed.places[key] = fmt::format("{}:{}: {}", where, value.line, key);
  }
  return placed;
}

void apply_overrides(const StudyOverrides& overrides, PlacedStudy& placed) {
  Study& study = placed.study;
  auto take = [&](const std::string& key, const std::string& option, const auto& override,
                  auto& field) {
    if (!override) return;
    field = *override;
    placed.places[key] = "--" + option;
  };
  take("setting", "setting", overrides.setting, study.setting);
  take("channel", "channel", overrides.channel, study.channel);
  take("queries", "queries", overrides.queries, study.queries);
  if (overrides.queries) {
    study.text_column.clear();
    study.where.clear();
  }
  take("text_column", "text-column", overrides.text_column, study.text_column);
  take("where", "where", overrides.where, study.where);
  take("wordings", "wording", overrides.wordings, study.wordings);
  take("reference", "reference", overrides.reference, study.reference);
  take("cluster_by", "cluster-by", overrides.cluster_by, study.cluster_by);
  take("groups", "groups", overrides.groups, study.groups);
  take("contrasts", "contrast", overrides.contrasts, study.contrasts);
  for (const auto& [name, value] : overrides.parameters) {
    study.parameters[name] = value;
    placed.places["parameters"] = "--set";
  }
  take("model", "model", overrides.model, study.model);
  if (overrides.model) study.models.clear();
  take("judge_model", "judge-model", overrides.judge_model, study.judge_model);
  take("judges", "judge", overrides.judges, study.judges);
  take("arms", "arms", overrides.arms, study.arms);
  if (overrides.repeats) study.repeats = within(*overrides.repeats, 1, kMaxRepeats, "repeats");
  if (overrides.sample) {
    study.sample = within<std::size_t>(*overrides.sample, 1, kMaxLimit, "sample");
    study.limit.reset();
    placed.places["sample"] = "--sample";
  }
  if (overrides.sample_seed) {
    study.sample_seed = within<std::uint64_t>(*overrides.sample_seed, 0, kMaxSeed, "sample-seed");
    placed.places["sample_seed"] = "--sample-seed";
  }
  if (overrides.limit) {
    study.limit = within<std::size_t>(*overrides.limit, 1, kMaxLimit, "limit");
  }
  if (overrides.seed) {
    study.seed = within<std::uint64_t>(*overrides.seed, 0, kMaxSeed, "seed");
  }
  if (overrides.logprobs) study.sampling.logprobs = true;
  if (overrides.all_reasoning) study.all_reasoning = true;
}

Study parse_study(std::string_view toml, std::string_view where) {
  return read_study(toml, where).study;
}

std::optional<Study> study_of_run(const std::filesystem::path& folder) {
  try {
    const std::filesystem::path file = folder / "study.toml";
    return parse_study(read_file(file, kMaxStudyBytes), file.string());
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace iago
