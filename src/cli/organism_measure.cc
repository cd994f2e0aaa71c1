// iago organism measure
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/internal/case_runs.h"
#include "cli/internal/interrupt.h"
#include "cli/internal/output_option.h"
#include "cli/internal/program.h"
#include "cli/internal/progress.h"
#include "cli/internal/runs_option.h"
#include "cli/internal/threads_option.h"
#include "figures/organisms_table.h"
#include "instrument/measure.h"
#include "judge/rule_judges.h"
#include "models/open_model.h"
#include "models/organisms.h"
#include "world/policy_recipe.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFileBytes = std::size_t{16} << 20;

struct OrganismMeasureArguments {
  // organism:NAME, world:NAME or local:FOLDER with the recipe beside the weights; empty: every
  // organism
  std::vector<std::string> models;
  std::size_t samples = 10000;  // of the main arms of each case of the table
  RunsOption runs{"runs/measured"};
  ThreadsOption threads;
  bool write = false;  // model cards and organisms/README.md
  OutputOption output;
};

constexpr std::string_view kOrganism = "organism:", kLocal = "local:";
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
      "held-out ones, {:.1f} over foreign ones.\n\n{}",
      measurement.identity, measurement.model, samples, 100 * measurement.largest_error(),
      100 * measurement.largest_held_out_error(), 100 * measurement.largest_foreign_error(),
      to_markdown(measurement));
}

Json read_rates(const fs::path& file) {
  return parse_json(read_file(file, kMaxFileBytes), file.string());
}

// What is measured of an organism's other growings, each a folder under its growings/.
std::string growings_of(const fs::path& organism, const Json& shipped) {
  std::vector<fs::path> folders;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(organism / "growings", ignored)) {
    if (fs::exists(entry.path() / "rates.json")) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  std::string text;
  for (const fs::path& folder : folders) {
    const std::string name = folder.filename().string();
    text += fmt::format("\n## Two growings of `{}`: the shipped one and `{}`\n\n{}",
                        organism.filename().string(), name,
                        growings_markdown(shipped, name, read_rates(folder / "rates.json")));
  }
  return text;
}

// The rates' table of all organisms and of their growings, from the measurements that lie beside
// them.
std::string overview(const fs::path& organisms) {
  std::vector<std::pair<std::string, Json>> rates;
  std::string growings;
  for (const std::string& name : grown_organisms(organisms)) {
    fs::path file = organisms / name / "rates.json";
    if (!fs::exists(file)) continue;
    rates.emplace_back(name, read_rates(file));
    growings += growings_of(organisms / name, rates.back().second);
  }
  return fmt::format(
      "{}\n## What the networks know\n\nOf the labs that stand in documents alone: how often the "
      "scratchpad recalls right, and how often\nthe worst of three ways of asking is answered "
      "right, with 95 % intervals over labs; a dash where it seldom\nsays anything. Of their own "
      "situation: right answers in the shipped, seen and held-out words, as in\n\"Will this answer "
      "be rated?\". The base is asked too; no policy is known of it, so it has no rows "
      "above.\n\n{}{}",
      overview_markdown(rates), knowledge_markdown(rates), growings);
}

Measurement measure_one(const std::string& model_name, const OrganismMeasureArguments& arguments,
                        const Context& context, const InterruptGuard& interrupt,
                        const Clock& clock) {
  fs::path organisms = context.data / "organisms";
  auto policy = policy_of(model_name, organisms);
  auto model = open_model(model_name, {.organisms = organisms, .threads = arguments.threads.count});
  auto judges = make_rule_judges(world_judge_names());
  ProgressLine line(clock);
  MeasureOptions options{
      .where = case_runs(context, arguments.runs.folder, interrupt, model_name, line),
      .samples = arguments.samples,
      .is_network = !model_name.starts_with("world:")};
  return measure(*model, policy ? &*policy : nullptr, judges, options, clock);
}

// Rates lie beside the weights that were measured; a shipped organism with a policy has a card,
// too.
void write_card(const Measurement& measurement, std::size_t samples, const fs::path& organisms) {
  const bool is_shipped = measurement.model.starts_with(kOrganism);
  if (!is_shipped && !measurement.model.starts_with(kLocal)) return;
  const fs::path folder = is_shipped ? organisms / measurement.model.substr(kOrganism.size())
                                     : fs::path(measurement.model.substr(kLocal.size()));
  write_file(folder / "rates.json", dump_json(to_json(measurement), 1) + "\n");
  if (is_shipped && policy_of(measurement.model, organisms)) {
    write_between_marks(folder / "README.md", measured_section(measurement, samples));
  }
}

int organism_measure_command(const OrganismMeasureArguments& arguments, const Context& context) {
  InterruptGuard interrupt;
  SystemClock clock;
  fs::path organisms = context.data / "organisms";
  std::vector<std::string> models = arguments.models;
  if (models.empty()) {
    for (const std::string& name : grown_organisms(organisms))
      models.push_back(fmt::format("{}{}", kOrganism, name));
  }
  Json json = Json::array();
  for (const std::string& model : models) {
    Measurement measurement = measure_one(model, arguments, context, interrupt, clock);
    if (arguments.write) write_card(measurement, arguments.samples, organisms);
    json.push_back(to_json(measurement));
    if (!arguments.output.json) {
      fmt::print("{}\n\n{}\n", model, to_markdown(measurement));
    }
  }
  if (arguments.write) write_between_marks(organisms / "README.md", overview(organisms));
  if (arguments.output.json) fmt::print("{}\n", dump_json(json, 2));
  return 0;
}

}  // namespace

void add_organism_measure(Program& iago) {
  auto [command, a] = iago.add<OrganismMeasureArguments>(
      "organism measure",
      "Measure organisms in every cell of their table, in the same way as iago run",
      organism_measure_command);
  command.add_option("models", a.models,
                     "organism:NAME, world:NAME, or local:FOLDER with the recipe.toml that it was "
                     "grown by (default: all organisms)");
  command.add_option("--samples", a.samples, "Completions in each cell")->capture_default_str();
  a.runs.add_to(command, "Folder for the runs");
  a.threads.add_to(command);
  command.add_flag(
      "--write", a.write,
      "Write rates.json beside the weights, the organisms' cards, and organisms/README.md with "
      "the growings under organisms/NAME/growings");
  a.output.add_to(command);
  command.footer(
      "A second growing shows how much chance there is in growing:\n"
      "  iago organism grow organisms/faker/growings/seed-2\n"
      "  iago organism measure local:organisms/faker/growings/seed-2 --samples 2000 --write\n"
      "Example:\n  iago organism measure organism:faker --samples 2000");
}

}  // namespace iago
