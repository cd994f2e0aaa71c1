// iago compare RUN..., iago compare TRAINING...
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <system_error>
#include <vector>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/internal/format_option.h"
#include "cli/internal/print_comparison.h"
#include "cli/internal/program.h"
#include "cli/internal/runs_option.h"
#include "text/printable.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

bool has_store(const fs::path& folder) {
  std::error_code status;
  return fs::is_regular_file(folder / "run.db", status);
}

// A folder, or the name of one under `runs`.
fs::path find_run(const std::string& named, const fs::path& runs) {
  if (has_store(named)) return named;
  if (has_store(runs / named)) return runs / named;
  throw Error(ErrorCode::not_found,
              fmt::format("{}: no run.db in this folder or in {}", printable(named),
                          printable((runs / named).string())),
              "give the folders of runs, or --runs FOLDER and the ids of runs in it");
}

struct CompareArguments {
  std::vector<std::string> named;   // folders of runs, or their ids under `runs`
  std::vector<std::string> before;  // runs of the subjects of trainings
  RunsOption runs;
  FormatOption format;
  std::string sort = "gap";  // gap, name
};

// `was_used`: by place among `before`, whether a training had a use for that run.
ComparedTraining read_compared(const std::string& folder, const std::vector<fs::path>& before,
                               std::vector<bool>& was_used) {
  const fs::path path = fs::path(folder).lexically_normal();
  ComparedTraining compared{(path.has_filename() ? path : path.parent_path()).filename().string(),
                            read_training(folder),
                            {}};
  for (std::size_t i = 0; i < before.size(); ++i) {
    auto read = read_before(before[i], compared.training);
    if (!read) continue;
    if (compared.before) {
      throw Error(ErrorCode::invalid,
                  fmt::format("--before: several runs of the subject of {}, the last of them {}",
                              printable(compared.name), printable(before[i].string())),
                  "give one run of each subject");
    }
    was_used[i] = true;
    compared.before = std::move(read);
  }
  return compared;
}

int compare_trainings(const CompareArguments& arguments) {
  std::vector<fs::path> before;
  for (const std::string& named : arguments.before) {
    before.push_back(find_run(named, arguments.runs.folder));
  }
  std::vector<bool> was_used(before.size(), false);
  std::vector<ComparedTraining> trainings;
  for (const std::string& named : arguments.named) {
    trainings.push_back(read_compared(named, before, was_used));
  }
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (was_used[i]) continue;
    throw Error(
        ErrorCode::invalid,
        fmt::format("--before {}: a run of no subject of these trainings, of another arm or "
                    "other prompts, or judged by another judge than the one that gives "
                    "the reward",
                    printable(arguments.before[i])),
        "run the training's study with --arms and the arm that is trained in");
  }
  print_trainings(trainings, arguments.format.name);
  return 0;
}

int compare_command(const CompareArguments& arguments, const Context&) {
  const auto trainings = std::ranges::count_if(
      arguments.named, [](const std::string& named) { return is_training(named); });
  if (arguments.named.size() == 1 && trainings == 1 && arguments.before.empty()) {
    print_training(read_training(arguments.named.front()), arguments.format.name);
    return 0;
  }
  if (static_cast<std::size_t>(trainings) == arguments.named.size()) {
    return compare_trainings(arguments);
  }
  if (trainings > 0) {
    const auto no_training = std::ranges::find_if_not(
        arguments.named, [](const std::string& named) { return is_training(named); });
    throw Error(ErrorCode::invalid,
                fmt::format("{} is no training, and another of these folders is one",
                            printable(*no_training)),
                "compare trainings, or runs");
  }
  if (!arguments.before.empty()) {
    throw Error(ErrorCode::invalid, "--before: expected folders of trainings alone",
                "leave it out to compare runs");
  }
  std::vector<fs::path> folders;
  for (const std::string& named : arguments.named) {
    folders.push_back(find_run(named, arguments.runs.folder));
  }
  auto order = arguments.sort == "name" ? RunOrder::by_name : RunOrder::by_gap;
  print_comparison(compare_runs(folders, order), arguments.format.name);
  return 0;
}

}  // namespace

void add_compare(Program& iago) {
  auto [command, a] = iago.add<CompareArguments>(
      "compare", "Compare several runs and rank them, or trainings and their seeds",
      compare_command);
  command
      .add_option("run", a.named,
                  "Folders of runs, or ids of runs in the folder --runs; or folders of trainings")
      ->type_name("RUN")
      ->required();
  a.runs.add_to(command);
  command
      .add_option("--before", a.before,
                  "With trainings: a run of the subject before its training, in the arm that is "
                  "trained in and with many repeats. Shows how far the rewards could have gone. "
                  "Repeat it for several subjects")
      ->type_name("RUN")
      ->allow_extra_args(false);
  a.format.add_to(command);
  command.add_option("--sort", a.sort, "gap or name")
      ->check(CLI::IsMember({"gap", "name"}))
      ->capture_default_str();
  command.footer(
      "Only runs of the same study are ranked. The others are listed with their differences.\n"
      "Examples:\n"
      "  iago compare runs/models-*/\n"
      "  iago compare runs/models-*/ --format html > comparison.html\n"
      "  iago compare trainings/helpful-only-faker-1a2b3c4d --format html > training.html\n"
      "  iago compare trainings/*/ --before runs/helpful-only-faker-1a2b3c4d\n"
      "  iago compare models-faker-1a2b3c4d models-aligned-5e6f7a8b --sort name --format md");
}

}  // namespace iago
