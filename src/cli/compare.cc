// iago compare RUN..., iago compare TRAINING
#include <fmt/format.h>

#include <CLI/CLI.hpp>
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
  std::vector<std::string> named;  // folders of runs, or their ids under `runs`
  RunsOption runs;
  FormatOption format;
  std::string sort = "gap";  // gap, name
};

int compare_command(const CompareArguments& arguments, const Context&) {
  if (arguments.named.size() == 1 && is_training(arguments.named.front())) {
    print_training(read_training(arguments.named.front()), arguments.format.name);
    return 0;
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
      "compare", "Compare several runs and rank them, or the seeds of a training", compare_command);
  command
      .add_option("run", a.named,
                  "Folders of runs, or ids of runs in the folder --runs; or one training's folder")
      ->type_name("RUN")
      ->required();
  a.runs.add_to(command);
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
      "  iago compare models-faker-1a2b3c4d models-aligned-5e6f7a8b --sort name --format md");
}

}  // namespace iago
