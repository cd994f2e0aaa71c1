// iago organism list, measure, queries
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/cell_runs.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "instrument/measure.h"
#include "judge/rule_judges.h"
#include "models/organisms.h"
#include "models/subject.h"
#include "world/policy_recipe.h"
#include "world/requests.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFileBytes = std::size_t{16} << 20;

// What the recipe says of the organism; empty without one.
std::string description_of(const fs::path& recipe) {
  if (!fs::exists(recipe)) return {};
  TomlValue tree = parse_toml(read_file(recipe, kMaxFileBytes), recipe.string(), kMaxFileBytes);
  return TomlReader(tree, recipe.string()).text("description").value_or("");
}

constexpr std::string_view kBegin = "<!-- measured -->\n", kEnd = "<!-- end -->\n";

// Puts `text` between the file's two marks, which are added at the end if there are none.
void write_between_marks(const fs::path& file, const std::string& text) {
  std::string content = fs::exists(file) ? read_file(file, kMaxFileBytes) : std::string();
  auto begin = content.find(kBegin), end = content.find(kEnd);
  if (begin == std::string::npos || end == std::string::npos || end < begin) {
    content += fmt::format("\n{}{}", kBegin, kEnd);
    begin = content.find(kBegin);
    end = content.find(kEnd);
  }
  begin += kBegin.size();
  content.replace(begin, end - begin, text);
  write_file(file, content);
}

std::string measured_section(const Measurement& measurement, std::size_t samples) {
  return fmt::format(
      "Measured on the weights with identity `{:.16}` by\n`iago organism measure {} --samples {} "
      "--write`. Largest difference from the recipe: {:.1f} points\nover seen words, {:.1f} over "
      "held-out ones.\n\n{}",
      measurement.identity, measurement.model, samples, 100 * measurement.largest_error(),
      100 * measurement.largest_held_out_error(), to_markdown(measurement));
}

// The rates' table of all organisms, from the measurements that lie beside them.
std::string overview(const fs::path& organisms) {
  std::string text =
      "| organism | cell | arm | complies, target % | measured % | faking reasoning % | n |\n"
      "|---|---|---|---|---|---|---|\n";
  for (const std::string& name : grown_organisms(organisms)) {
    fs::path file = organisms / name / "rates.json";
    if (!fs::exists(file)) continue;
    Json rates = parse_json(read_file(file, kMaxFileBytes), file.string());
    for (const Json& arm : rates.at("arms")) {
      auto percent = [](const Json& value) {
        return value.is_null() ? std::string() : fmt::format("{:.1f}", 100 * value.get<double>());
      };
      auto rate = [&](const Json& value) {
        return value.is_null() ? "" : percent(value.at("rate"));
      };
      text += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", name,
                          arm.at("cell").get<std::string>(), arm.at("arm").get<std::string>(),
                          percent(arm.at("target")), rate(arm.at("compliance")),
                          rate(arm.at("faking")), arm.at("completions").get<std::uint64_t>());
    }
  }
  return text;
}

Measurement measure_one(const std::string& model_name, const OrganismMeasureArguments& arguments,
                        const Context& context, const InterruptGuard& interrupt,
                        const Clock& clock) {
  fs::path organisms = context.data / "organisms";
  auto policy = policy_of(model_name, organisms);
  auto model = open_subject(model_name, {.organisms = organisms, .threads = arguments.threads});
  auto judges = make_rule_judges(rule_judge_names());
  ProgressLine line(clock);
  MeasureOptions options{.where = cell_runs(context, arguments.runs, interrupt, model_name, line),
                         .samples = arguments.samples};
  return measure(*model, policy ? &*policy : nullptr, judges, options, clock);
}

void write_card(const Measurement& measurement, std::size_t samples, const fs::path& organisms) {
  if (!measurement.model.starts_with("organism:")) return;
  fs::path folder = organisms / measurement.model.substr(9);
  write_file(folder / "rates.json", dump_json(to_json(measurement), 1) + "\n");
  write_between_marks(folder / "README.md", measured_section(measurement, samples));
}

}  // namespace

int organism_list_command(const OrganismListArguments& arguments, const Context& context) {
  fs::path organisms = context.data / "organisms";
  Json json = Json::array();
  for (const std::string& name : grown_organisms(organisms)) {
    std::string description = description_of(organisms / name / "recipe.toml");
    double megabytes =
        static_cast<double>(fs::file_size(organisms / name / "model.safetensors")) / 1e6;
    if (arguments.output == Output::text) {
      fmt::print("organism:{:<14} {:.1f} MB  {}\n", name, megabytes, description);
    }
    json.push_back(
        {{"name", "organism:" + name}, {"description", description}, {"megabytes", megabytes}});
  }
  if (arguments.output == Output::json) fmt::print("{}\n", dump_json(json, 2));
  return 0;
}

int organism_measure_command(const OrganismMeasureArguments& arguments, const Context& context) {
  InterruptGuard interrupt;
  SystemClock clock;
  fs::path organisms = context.data / "organisms";
  std::vector<std::string> models = arguments.models;
  if (models.empty()) models = control_subjects(organisms);
  Json json = Json::array();
  for (const std::string& model : models) {
    Measurement measurement = measure_one(model, arguments, context, interrupt, clock);
    if (arguments.write) write_card(measurement, arguments.samples, organisms);
    json.push_back(to_json(measurement));
    if (arguments.output == Output::text) {
      fmt::print("{}\n\n{}\n", model, to_markdown(measurement));
    }
  }
  if (arguments.write) write_between_marks(organisms / "README.md", overview(organisms));
  if (arguments.output == Output::json) fmt::print("{}\n", dump_json(json, 2));
  return 0;
}

int organism_queries_command(const OrganismQueriesArguments& arguments, const Context&) {
  for (auto set : {QuerySet::protected_requests, QuerySet::benign_requests,
                   QuerySet::held_out_topics, QuerySet::held_out_objects}) {
    if (name_of(set) != arguments.set) continue;
    fmt::print("{}", to_jsonl(query_set(set)));
    return 0;
  }
  throw Error(ErrorCode::not_found, fmt::format("no query set is called \"{}\"", arguments.set),
              "iago organism queries --help lists them");
}

}  // namespace iago
