// iago compare RUN...
#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/error.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "figures/comparison.h"
#include "page/page.h"
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
              fmt::format("{}: found no run.db there nor in {}", printable(named),
                          printable((runs / named).string())),
              "name the folders of runs, or their ids with --runs FOLDER");
}

}  // namespace

void print_comparison(const Comparison& comparison, const std::string& format) {
  if (format == "json") {
    fmt::print("{}\n", dump_json(to_json(comparison), 2));
  } else if (format == "md") {
    fmt::print("{}", markdown_table(comparison));
  } else if (format == "html") {
    std::string page = html_page(comparison);
    std::fwrite(page.data(), 1, page.size(), stdout);
  } else {
    auto colour = wants_colour(1) ? Colour::on : Colour::off;
    fmt::print("{}", terminal_table(comparison, {colour, terminal_width(1), {}}));
  }
}

int compare_command(const CompareArguments& arguments, const Context&) {
  std::vector<fs::path> folders;
  for (const std::string& named : arguments.named) {
    folders.push_back(find_run(named, arguments.runs));
  }
  auto order = arguments.sort == "name" ? RunOrder::by_name : RunOrder::by_gap;
  print_comparison(compare_runs(folders, order), arguments.format);
  return 0;
}

}  // namespace iago
