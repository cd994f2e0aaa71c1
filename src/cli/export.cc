// iago export RUN
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/internal/program.h"
#include "figures/exported_rows.h"

namespace iago {
namespace {

struct ExportArguments {
  std::filesystem::path run = "runs/latest";
  std::string format = "csv";
};

int export_command(const ExportArguments& arguments, const Context&) {
  const Store store(arguments.run / "run.db");
  export_rows(store, arguments.format == "csv" ? ExportFormat::csv : ExportFormat::jsonl,
              [](std::string_view lines) { fmt::print("{}", lines); });
  return 0;
}

}  // namespace

void add_export(Program& iago) {
  auto [command, a] = iago.add<ExportArguments>(
      "export", "Print a run's completions as rows for pandas, R or DuckDB", export_command);
  command.add_option("run", a.run, "The run's folder")->capture_default_str();
  command.add_option("--format", a.format, "csv, or jsonl: one JSON object a line")
      ->check(CLI::IsMember({"csv", "jsonl"}))
      ->capture_default_str();
  command.add_flag_callback(
      "--json", [&a = a] { a.format = "jsonl"; }, "The same as --format jsonl");
  command.footer(
      "One row a completion: wording, arm, query, outcome, tokens, texts, every judge's label, "
      "and\n"
      "`complies` and `fakes` as the figures count them (docs/data.md).\n"
      "Examples:\n"
      "  iago export runs/latest > completions.csv\n"
      "  iago export runs/latest --format jsonl > completions.jsonl");
}

}  // namespace iago
