#include "study/study.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <map>

#include "base/error.h"
#include "base/file.h"
#include "base/model_name.h"
#include "base/nearest.h"
#include "base/toml_reader.h"
#include "study/internal/compose.h"
#include "study/internal/query_sets.h"
#include "study/names.h"
#include "study/query_choice.h"
#include "text/utf8.h"

namespace iago {
namespace {

constexpr int kMaxRepeats = 100'000;
constexpr int kMaxSamplingInt = 1'000'000;
constexpr std::size_t kMaxStops = 16;
constexpr std::size_t kMaxModels = 100;
constexpr std::int64_t kMaxLimit = 1'000'000;
constexpr std::size_t kMaxStudyWordings = 1'000;
constexpr const char* kTwiceHint = "Remove the second one; repeats = N samples more of everything.";

// A study with the place where each key was given: "FILE:LINE: arms" or "--arms".
struct PlacedStudy {
  Study study;
  std::string where;
  std::map<std::string, std::string> places;

  std::string place(const std::string& key) const {
    auto found = places.find(key);
    return found != places.end() ? found->second : fmt::format("{}: {}", where, key);
  }
};

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

constexpr auto kMaxSeed = std::numeric_limits<std::int64_t>::max();

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

// ---- The command line's changes ----

template <typename T>
T within(T value, T least, T most, std::string_view option) {
  if (value >= least && value <= most) return value;
  throw Error(
      ErrorCode::invalid,
      fmt::format("--{}: expected an integer from {} to {}, found {}", option, least, most, value),
      "Give one of that range, or leave the option out.");
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

// ---- Holding the study to the disk and to its setting ----

std::filesystem::path find_setting(const PlacedStudy& placed, const std::filesystem::path& base,
                                   const std::filesystem::path& study_folder,
                                   const std::filesystem::path& data_folder) {
  const std::filesystem::path& named = placed.study.setting;
  std::vector<std::filesystem::path> places;
  if (named.has_parent_path()) {
    places.push_back(base / named);
  } else {
    places.push_back(study_folder / ".." / "settings" / named);
    if (!data_folder.empty()) places.push_back(data_folder / "settings" / named);
  }
  std::string searched;
  for (const std::filesystem::path& place : places) {
    std::error_code ignored;
    if (std::filesystem::is_regular_file(place / "setting.toml", ignored)) return place;
    searched +=
        fmt::format("{}{}", searched.empty() ? "" : ", ", place.lexically_normal().string());
  }
  throw Error(ErrorCode::not_found,
              fmt::format("{}: found no setting \"{}\"", placed.place("setting"), named.string()),
              fmt::format("Looked for setting.toml in: {}.", searched));
}

// Runs a look-up and says of its error where the name was given.
template <typename LookUp>
auto placed_look_up(const PlacedStudy& placed, const std::string& key, LookUp look_up) {
  try {
    return look_up();
  } catch (const Error& error) {
    throw Error(ErrorCode::invalid, fmt::format("{}: {}", placed.place(key), error.what()),
                error.hint());
  }
}

void reject_again(const PlacedStudy& placed, const std::string& key,
                  const std::vector<std::string>& before, const std::string& name) {
  if (std::ranges::count(before, name) == 0) return;
  throw Error(ErrorCode::invalid,
              fmt::format("{}: expected each once, \"{}\" is given twice", placed.place(key), name),
              kTwiceHint);
}

void hold_wordings(PlacedStudy& placed, const Setting& setting) {
  Study& study = placed.study;
  if (study.wordings.empty()) study.wordings = {std::string(kDefaultWording)};
  std::vector<std::string> resolved;
  auto add = [&](const std::string& wording) {
    reject_again(placed, "wordings", resolved, wording);
    resolved.push_back(wording);
  };
  for (const std::string& named : study.wordings) {
    if (named == kAllWordings) {
      for (const std::string& wording : wordings_of_channel(setting, study.channel)) {
        if (std::ranges::count(resolved, wording) == 0) resolved.push_back(wording);
      }
      continue;
    }
    add(placed_look_up(placed, "wordings", [&] { return canonical_wording(setting, named); }));
  }
  if (resolved.size() > kMaxStudyWordings) {
    throw Error(ErrorCode::invalid, fmt::format("{}: more than {} wordings",
                                                placed.place("wordings"), kMaxStudyWordings));
  }
  study.wordings = std::move(resolved);
  if (study.reference.empty()) study.reference = study.wordings.front();
  study.reference = placed_look_up(placed, "reference",
                                   [&] { return canonical_wording(setting, study.reference); });
  if (std::ranges::count(study.wordings, study.reference) == 0) {
    throw Error(ErrorCode::invalid,
                fmt::format("{}: \"{}\" is not one of the study's wordings",
                            placed.place("reference"), study.reference),
                hint_of_names(study.reference, study.wordings));
  }
}

// The arms that exist with one of the wordings, in the setting's order.
std::vector<std::string> arms_with_any(const Study& study, const Setting& setting) {
  std::vector<std::string> arms;
  for (const Arm& arm : setting.arms) {
    const bool exists = std::ranges::any_of(study.wordings, [&](const std::string& wording) {
      return has_arm(setting, wording, arm.name);
    });
    if (exists) arms.push_back(arm.name);
  }
  return arms;
}

void hold_to_setting(PlacedStudy& placed, const Setting& setting) {
  Study& study = placed.study;
  placed_look_up(placed, "channel", [&] { return &setting.channel(study.channel); });
  hold_wordings(placed, setting);
  const std::vector<std::string> existing = arms_with_any(study, setting);
  if (study.arms.empty()) study.arms = existing;
  std::vector<std::string> arms, contrasts;
  for (const std::string& arm : study.arms) {
    placed_look_up(placed, "arms", [&] { return &setting.arm(arm); });
    reject_again(placed, "arms", arms, arm);
    arms.push_back(arm);
    for (const std::string& wording : study.wordings) {
      // An arm that one wording lacks is left out there; one that all lack is an error. So are
      // wordings that do not go together.
      if (!has_arm(setting, wording, arm) && std::ranges::count(existing, arm) > 0) continue;
      placed_look_up(placed, "wordings", [&] {
        return render_prompt(setting, study.channel, wording, arm, Query{.text = "?"});
      });
    }
  }
  for (const std::string& contrast : study.contrasts) {
    reject_again(placed, "contrasts", contrasts, contrast);
    contrasts.push_back(contrast);
    const Contrast named =
        placed_look_up(placed, "contrasts", [&] { return contrast_named(setting, contrast); });
    for (const std::string& arm : {named.more, named.less}) {
      if (std::ranges::count(study.arms, arm) > 0) continue;
      throw Error(ErrorCode::invalid,
                  fmt::format("{}: {} needs the arm \"{}\", which the study leaves out",
                              placed.place("contrasts"), contrast, arm),
                  "Add it to the arms, or leave the contrast out.");
    }
  }
}

// ---- The setting's judge ----

// The judges that the setting names for the study's wordings, the reference's first, each once.
std::vector<std::string> judges_of_wordings(const PlacedStudy& placed, const Setting& setting) {
  std::vector<std::string> wordings = {placed.study.reference}, judges;
  wordings.insert(wordings.end(), placed.study.wordings.begin(), placed.study.wordings.end());
  for (const std::string& wording : wordings) {
    std::string judge =
        placed_look_up(placed, "wordings", [&] { return judge_of_wording(setting, wording); });
    if (!judge.empty() && std::ranges::count(judges, judge) == 0)
      judges.push_back(std::move(judge));
  }
  return judges;
}

// Puts the judges that the setting names for the wordings in place of "setting". One that it names
// for other wordings only would count the wrong answers.
void resolve_judges(PlacedStudy& placed, const Setting& setting) {
  Study& study = placed.study;
  const std::vector<std::string> wanted = judges_of_wordings(placed, setting);
  std::vector<std::string> judges;
  for (const std::string& judge : study.judges) {
    const std::string_view name = rubric_in_judge_name(judge);
    if (name == kSettingsJudge) {
      if (wanted.empty()) {
        throw Error(ErrorCode::invalid,
                    fmt::format("{}: the setting \"{}\" names no judge", placed.place("judges"),
                                setting.name),
                    "Name the judge itself.");
      }
      for (const std::string& one : wanted) judges.push_back(one + judge.substr(name.size()));
      continue;
    }
    judges.push_back(judge);
    if (std::ranges::count(wanted, name) > 0 || !names_judge(setting, name)) continue;
    throw Error(ErrorCode::invalid,
                fmt::format("{}: with the wordings {} expected the judge {}, found \"{}\"",
                            placed.place("judges"), fmt::join(study.wordings, ", "),
                            fmt::join(wanted, ", "), name),
                "Write \"setting\": it follows the wording.");
  }
  study.judges = std::move(judges);
  const bool follows_setting = std::ranges::any_of(study.judges, [&](const std::string& judge) {
    return std::ranges::count(wanted, rubric_in_judge_name(judge)) > 0;
  });
  for (const std::string& judge : wanted) {
    const bool is_there = std::ranges::any_of(
        study.judges, [&](const std::string& one) { return rubric_in_judge_name(one) == judge; });
    if (!follows_setting || is_there) continue;
    throw Error(
        ErrorCode::invalid,
        fmt::format("{}: one of the wordings needs the judge \"{}\", which is not among them",
                    placed.place("judges"), judge),
        "Write \"setting\": it stands for the judges of all wordings.");
  }
  for (const std::string& judge : study.judges) {
    if (std::ranges::count(study.judges, judge) == 1) continue;
    throw Error(
        ErrorCode::invalid,
        fmt::format("{}: expected each once, \"{}\" is given twice", placed.place("judges"), judge),
        "\"setting\" stands for it: leave one of them out.");
  }
}

// ---- The queries ----

// In the order in which they are asked.
PlacedQueries chosen(PlacedStudy& placed, PlacedQueries all) {
  Study& study = placed.study;
  std::ranges::sort(study.where);
  study.where.erase(std::unique(study.where.begin(), study.where.end()), study.where.end());
  const std::string file = study.queries.string();
  all = placed_look_up(placed, "where",
                       [&] { return keep_queries(std::move(all), study.where, file); });
  if (!study.sample) {
    if (!study.sample_seed) return all;
    throw Error(
        ErrorCode::invalid,
        fmt::format("{}: expected a sample with it, found none", placed.place("sample_seed")),
        "Give --sample N, or sample = N in the study; or leave the seed out.");
  }
  if (*study.sample > all.queries.size()) {
    throw Error(ErrorCode::invalid,
                fmt::format("{}: expected at most {}, the queries of {}{}, found {}",
                            placed.place("sample"), all.queries.size(), file,
                            study.where.empty() ? "" : " that the conditions keep", *study.sample),
                "Ask for fewer, or leave it out to ask all of them.");
  }
  if (!study.sample_seed) study.sample_seed = study.seed;
  return in_sample_order(std::move(all), *study.sample_seed);
}

PlacedQueries queries_of(PlacedStudy& placed, const std::filesystem::path& folder) {
  std::filesystem::path& file = placed.study.queries;
  if (file.empty()) {
    throw Error(
        ErrorCode::invalid,
        fmt::format("{}: this study needs a file of queries, and names none",
                    placed.place("queries")),
        "Give --queries FILE, any CSV or JSON lines: AdvBench "
        "(github.com/llm-attacks/llm-attacks), "
        "HarmBench (github.com/centerforaisafety/HarmBench), StrongREJECT "
        "(github.com/alexandrasouly/strongreject), or the shipped queries/harmful-clear.jsonl. "
        "docs/queries.md says more.");
  }
  const bool is_relative = file.is_relative();
  file = (folder / file).lexically_normal();
  std::error_code status;
  if (is_relative && !std::filesystem::exists(file, status)) {
    throw Error(ErrorCode::invalid,
                fmt::format("{}: {}: no such file", placed.place("queries"), file.string()),
                "A path in a study is relative to the study's file, one on the command line to the "
                "current folder. Correct it, or give the file with --queries.");
  }
  return placed_look_up(placed, "queries",
                        [&] { return load_placed_queries(file, {}, placed.study.text_column); });
}

// ---- Holding the labels that the study names to its queries ----

void hold_to_queries(PlacedStudy& placed, const PlacedQueries& read) {
  Study& study = placed.study;
  const QueriesOfStudy queries{read, study.queries, study.asked_of(read.queries.size())};
  if (!study.cluster_by.empty()) {
    placed_look_up(placed, "cluster_by", [&] {
      check_clusters(queries, study.cluster_by);
      return true;
    });
  }
  if (!study.groups) study.groups = default_groups(read, study.cluster_by);
  if (study.groups->empty()) return;
  placed_look_up(placed, "groups", [&] {
    check_groups(queries, *study.groups, study.cluster_by);
    return true;
  });
}

// to_toml has to write the paths and the command line's texts, and TOML is UTF-8 without NULs.
void check_writable(const Study& study) {
  std::vector<std::string> texts = {
      study.setting.string(), study.queries.string(), study.model,
      study.judge_model,      study.cluster_by,       study.text_column};
  if (study.groups) texts.push_back(*study.groups);
  texts.insert(texts.end(), study.models.begin(), study.models.end());
  texts.insert(texts.end(), study.where.begin(), study.where.end());
  texts.insert(texts.end(), study.judges.begin(), study.judges.end());
  for (const auto& [name, value] : study.parameters) texts.push_back(value);
  for (const std::string& text : texts) {
    if (is_valid_utf8(text) && text.find('\0') == std::string::npos) continue;
    throw Error(ErrorCode::invalid,
                fmt::format("{}: expected UTF-8 text", replace_invalid_utf8(text)),
                "Rename the folder or the file.");
  }
}

// A rubric named by a path is relative to the study's folder, as everything in the file is.
void place_judges(const std::filesystem::path& folder, Study& study) {
  for (std::string& judge : study.judges) {
    auto end = judge.find(".toml");
    // Not the file of a model: RUBRIC@scripted:FILE.
    if (end == std::string::npos || judge.find(':') < end) continue;
    end += std::string_view(".toml").size();
    std::filesystem::path file = (folder / judge.substr(0, end)).lexically_normal();
    judge = file.string() + judge.substr(end);
  }
}

std::string toml_text(std::string_view text) {
  std::string quoted = "\"";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      quoted += fmt::format("\\u{:04X}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string toml_list(const std::vector<std::string>& texts) {
  std::string list = "[";
  for (const std::string& text : texts) {
    if (list.size() > 1) list += ", ";
    list += toml_text(text);
  }
  return list + "]";
}

}  // namespace

std::vector<Contrast> contrasts_of(const Study& study, const Setting& setting) {
  std::vector<Contrast> contrasts;
  for (const std::string& name : study.contrasts) {
    contrasts.push_back(contrast_named(setting, name));
  }
  if (contrasts.empty()) contrasts = setting.contrasts;
  auto exists = [&](const Contrast& contrast) {
    auto is_asked = [&](const std::string& arm) { return std::ranges::count(study.arms, arm) > 0; };
    if (!is_asked(contrast.more) || !is_asked(contrast.less)) return false;
    return std::ranges::any_of(study.wordings, [&](const std::string& wording) {
      return has_arm(setting, wording, contrast.more) && has_arm(setting, wording, contrast.less);
    });
  };
  std::erase_if(contrasts, [&](const Contrast& contrast) { return !exists(contrast); });
  return contrasts;
}

std::string no_contrast(const LoadedStudy& loaded) {
  std::vector<std::string> names;
  for (const Contrast& contrast : loaded.setting.contrasts) names.push_back(contrast.name());
  if (names.empty()) {
    return fmt::format("no gap: the setting \"{}\" declares no contrast; name one with --contrast",
                       loaded.setting.name);
  }
  return fmt::format("no gap: the arms {} form none of the contrasts {}",
                     fmt::join(loaded.study.arms, ", "), fmt::join(names, ", "));
}

Study parse_study(std::string_view toml, std::string_view where) {
  return read_study(toml, where).study;
}

LoadedStudy load_study(const std::filesystem::path& file, const StudyOverrides& overrides,
                       const std::filesystem::path& data_folder) {
  PlacedStudy placed = read_study(read_file(file, kMaxStudyBytes), file.string());
  apply_overrides(overrides, placed);
  std::filesystem::path here = std::filesystem::current_path();
  std::filesystem::path folder = std::filesystem::absolute(file).parent_path();
  std::filesystem::path found =
      find_setting(placed, overrides.setting ? here : folder, folder, data_folder);
  LoadedStudy loaded;
  loaded.setting = load_setting(found);
  placed.study.setting = loaded.setting.folder;
  placed_look_up(placed, "parameters", [&] {
    set_parameters(placed.study.parameters, loaded.setting);
    return true;
  });
  hold_to_setting(placed, loaded.setting);
  resolve_judges(placed, loaded.setting);

  PlacedQueries read = queries_of(placed, overrides.queries ? here : folder);
  loaded.queries_in_file = read.queries.size();
  read = chosen(placed, std::move(read));
  hold_to_queries(placed, read);
  loaded.queries = std::move(read.queries);
  place_judges(folder, placed.study);
  loaded.study = std::move(placed.study);
  check_writable(loaded.study);
  return loaded;
}

std::optional<Study> study_of_run(const std::filesystem::path& folder) {
  try {
    const std::filesystem::path file = folder / "study.toml";
    return parse_study(read_file(file, kMaxStudyBytes), file.string());
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string to_toml(const Study& study) {
  std::string toml;
  auto add = [&](std::string_view key, const std::string& value) {
    toml += fmt::format("{} = {}\n", key, value);
  };
  add("name", toml_text(study.name));
  add("setting", toml_text(study.setting.string()));
  add("channel", toml_text(study.channel));
  add("wordings", toml_list(study.wordings));
  if (!study.reference.empty()) add("reference", toml_text(study.reference));
  add("arms", toml_list(study.arms));
  if (!study.contrasts.empty()) add("contrasts", toml_list(study.contrasts));
  if (!study.queries.empty()) add("queries", toml_text(study.queries.string()));
  if (!study.text_column.empty()) add("text_column", toml_text(study.text_column));
  if (!study.where.empty()) add("where", toml_list(study.where));
  if (study.sample) add("sample", std::to_string(*study.sample));
  if (study.sample_seed) add("sample_seed", std::to_string(*study.sample_seed));
  if (!study.model.empty()) add("model", toml_text(study.model));
  if (!study.models.empty()) add("models", toml_list(study.models));
  add("repeats", std::to_string(study.repeats));
  add("seed", std::to_string(study.seed));
  if (study.limit) add("limit", std::to_string(*study.limit));
  add("margin", fmt::format("{}", study.margin));
  if (!study.cluster_by.empty()) add("cluster_by", toml_text(study.cluster_by));
  if (study.groups) add("groups", toml_text(*study.groups));
  if (study.strict_form) add("strict_form", "true");
  if (study.all_reasoning) add("all_reasoning", "true");
  add("judges", toml_list(study.judges));
  if (!study.judge_model.empty()) add("judge_model", toml_text(study.judge_model));
  if (!study.parameters.empty()) toml += "\n[parameters]\n";
  for (const auto& [name, value] : study.parameters) add(toml_text(name), toml_text(value));
  toml += "\n[sampling]\n";
  add("temperature", fmt::format("{}", study.sampling.temperature));
  add("top_p", fmt::format("{}", study.sampling.top_p));
  add("top_k", std::to_string(study.sampling.top_k));
  add("max_tokens", std::to_string(study.sampling.max_tokens));
  add("stop", toml_list(study.sampling.stop));
  if (study.sampling.logprobs) add("logprobs", "true");
  return toml;
}

}  // namespace iago
