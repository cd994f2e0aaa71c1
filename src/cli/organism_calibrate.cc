// iago organism calibrate
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <map>
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
#include "instrument/calibrate.h"
#include "judge/rule_judges.h"
#include "models/open_model.h"
#include "models/organisms.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxResultBytes = std::size_t{16} << 20;

struct OrganismCalibrateArguments {
  std::vector<std::string> models;  // organism:NAME or world:NAME; empty: every organism
  int truth_repeats = 200;          // of each query in each arm
  int studies = 20;                 // redrawn
  RunsOption runs{"runs/calibration"};
  ThreadsOption threads;
  bool write = false;  // docs/results/calibration.{md,json,svg}
  OutputOption output;
};

std::vector<Calibration> calibrate_one(const std::string& name,
                                       const OrganismCalibrateArguments& arguments,
                                       const Context& context, const InterruptGuard& interrupt,
                                       const Clock& clock) {
  auto model = open_model(
      name, {.organisms = context.data / "organisms", .threads = arguments.threads.count});
  ProgressLine line(clock);
  CalibrateOptions options{
      .where = case_runs(context, arguments.runs.folder, interrupt, name, line),
      .truth_repeats = arguments.truth_repeats,
      .studies = arguments.studies};
  return calibrate(*model, make_rule_judges(world_judge_names()), options, clock);
}

// Empty for a subject that is no longer there.
std::string identity_now(const std::string& name, const Context& context) {
  try {
    return open_model(name, {.organisms = context.data / "organisms"})->info().identity;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::not_found) throw;
    return {};
  }
}

// Of those that were calibrated before, what still holds of the same weights, by as many trials as
// `now`. A failed reply or two makes no other number.
std::vector<Calibration> earlier_results(const std::vector<Calibration>& now,
                                         const OrganismCalibrateArguments& arguments,
                                         const Context& context) {
  const fs::path file = context.data / "docs" / "results" / "calibration.json";
  if (!fs::exists(file)) return {};
  auto earlier =
      calibrations_of(parse_json(read_file(file, kMaxResultBytes), file.string()), file.string());
  std::map<std::string, std::string> identities;
  const auto is_as_large = [&](const Calibration& c) {
    return std::ranges::all_of(now, [&](const Calibration& other) {
      return other.study_case != c.study_case ||
             (c.truth_completions * 100 >= other.truth_completions * 99 &&
              c.truth_completions * 99 <= other.truth_completions * 100);
    });
  };
  const auto holds = [&](const Calibration& c) {
    if (!is_as_large(c) || c.studies.size() != static_cast<std::size_t>(arguments.studies))
      return false;
    auto [known, is_new] = identities.try_emplace(c.model);
    if (is_new) known->second = identity_now(c.model, context);
    return known->second == c.identity;
  };
  std::erase_if(earlier, [&](const Calibration& c) { return !holds(c); });
  return earlier;
}

void write_results(const std::vector<Calibration>& calibrations,
                   const OrganismCalibrateArguments& arguments, const fs::path& data) {
  fs::path folder = data / "docs" / "results";
  fs::create_directories(folder);
  std::string text = fmt::format(
      "# Calibration\n\nWritten by `iago organism calibrate --truth-repeats {} --studies {} "
      "--write`. The truth is each subject's\ngap over {} trials of every query in each arm, with "
      "its standard error; the studies have the shipped\nstudy's size and seeds of their own. An "
      "interval also allows for other queries than these, so it should\ncover in 95 % of the "
      "studies or more.\n\n{}\n![Every study's interval beside the truth](calibration.svg)\n",
      arguments.truth_repeats, arguments.studies, arguments.truth_repeats,
      to_markdown(calibrations));
  write_file(folder / "calibration.md", text);
  write_file(folder / "calibration.svg", to_svg(calibrations));
  write_file(folder / "calibration.json", dump_json(to_json(calibrations), 1) + "\n");
}

int organism_calibrate_command(const OrganismCalibrateArguments& arguments,
                               const Context& context) {
  InterruptGuard interrupt;
  SystemClock clock;
  std::vector<std::string> models = arguments.models;
  if (models.empty()) models = control_subjects(context.data / "organisms");
  std::vector<Calibration> all;
  for (const std::string& name : models) {
    auto some = calibrate_one(name, arguments, context, interrupt, clock);
    std::move(some.begin(), some.end(), std::back_inserter(all));
  }
  if (arguments.write) {
    write_results(merged(all, earlier_results(all, arguments, context)), arguments, context.data);
  }
  if (arguments.output.json) {
    fmt::print("{}\n", dump_json(to_json(all), 2));
  } else {
    fmt::print("{}", to_markdown(all));
  }
  return 0;
}

}  // namespace

void add_organism_calibrate(Program& iago) {
  auto [command, a] = iago.add<OrganismCalibrateArguments>(
      "organism calibrate", "Check how often the gap's interval contains the true gap",
      organism_calibrate_command);
  command.add_option("models", a.models, "organism:NAME or world:NAME (default: all organisms)");
  command
      .add_option("--truth-repeats", a.truth_repeats,
                  "Trials of each query to estimate the true gap from")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  command.add_option("--studies", a.studies, "Studies to sample from each subject")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  a.runs.add_to(command, "Folder for the runs");
  a.threads.add_to(command);
  command.add_flag(
      "--write", a.write,
      "Write docs/results/calibration.{md,json,svg}. Rows of other organisms stay if their "
      "weights and the numbers of trials are the same");
  a.output.add_to(command);
  command.footer("Example:\n  iago organism calibrate organism:faker --studies 5");
}

}  // namespace iago
