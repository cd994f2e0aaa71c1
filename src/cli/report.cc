// iago report RUN, or a folder of several runs
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/internal/format_option.h"
#include "cli/internal/print_comparison.h"
#include "cli/internal/program.h"
#include "cli/internal/progress.h"
#include "cli/internal/streams.h"
#include "figures/disagreement.h"
#include "figures/latex.h"
#include "figures/methods_text.h"
#include "figures/plots.h"
#include "figures/terminal.h"
#include "page/page.h"

namespace iago {
namespace {

struct ReportArguments {
  std::filesystem::path run = "runs/latest";
  FormatOption format;
  std::optional<double> margin;     // points; the plan's if absent
  std::optional<bool> strict_form;  // the run's if absent
  std::vector<std::string> judges;  // names or hashes; the plan's judges if empty
  std::filesystem::path plots;      // a folder; empty: none are written
};

void write_plots(const Summary& summary, const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  for (const Plot& plot : plots_of(summary)) {
    write_file(folder / plot.file, plot.svg);
    print_stderr(fmt::format("written: {}\n", (folder / plot.file).string()));
  }
}

// What is made of several runs has neither plots, nor LaTeX, nor other judges.
void check_options_of_one_run(const ReportArguments& arguments, const std::string& what,
                              const std::string& example) {
  const std::string& format = arguments.format.name;
  std::string alien;
  if (format == "latex" || format == "methods") alien = "--format " + format;
  if (!arguments.plots.empty()) alien = "--plots";
  if (arguments.margin) alien = "--margin";
  if (arguments.strict_form) alien = "--strict-form or --any-form";
  if (!arguments.judges.empty()) alien = "--judge";
  if (alien.empty()) return;
  throw Error(ErrorCode::invalid,
              fmt::format("{}: {} is printed as text, md, html or json, without other options, "
                          "found {}",
                          arguments.run.string(), what, alien),
              fmt::format("for these, name one of its runs, such as {}", example));
}

int report_battery(const ReportArguments& arguments) {
  check_options_of_one_run(arguments, "a battery", "BATTERY/after/reference");
  print_battery(read_battery(arguments.run), arguments.format.name);
  return 0;
}

int report_experiment(const ReportArguments& arguments) {
  check_options_of_one_run(arguments, "an experiment", "EXPERIMENT/documents/seed-1/run");
  print_experiment(read_document_experiment(arguments.run), arguments.format.name);
  return 0;
}

int report_command(const ReportArguments& arguments, const Context&) {
  if (is_battery(arguments.run)) return report_battery(arguments);
  if (is_document_experiment(arguments.run)) return report_experiment(arguments);
  Store store(arguments.run / "run.db");
  SummaryOptions options{.margin_points = arguments.margin};
  if (arguments.strict_form) {
    options.forms = *arguments.strict_form ? FormRule::strict_only : FormRule::any;
  }
  std::vector<std::string> hashes;
  for (const std::string& judge : arguments.judges) hashes.push_back(find_judge(store, judge).hash);
  Summary summary = summarize(store, choose_judges(store, hashes), options);
  if (!arguments.plots.empty()) write_plots(summary, arguments.plots);
  if (arguments.format.name == "json") {
    fmt::print("{}\n", dump_json(to_json(summary), 2));
  } else if (arguments.format.name == "html") {
    fmt::print("{}", html_page(store, summary));
  } else if (arguments.format.name == "md") {
    fmt::print("{}", markdown_table(summary));
  } else if (arguments.format.name == "latex") {
    fmt::print("{}", latex_tables(summary));
  } else if (arguments.format.name == "methods") {
    fmt::print("{}", methods_text(summary));
  } else {
    fmt::print("{}", terminal_table(summary, {.colour = wants_colour(1) ? Colour::on : Colour::off,
                                              .width = terminal_width(1),
                                              .folder = arguments.run}));
  }
  return 0;
}

}  // namespace

void add_report(Program& iago) {
  auto [command, a] = iago.add<ReportArguments>(
      "report",
      "Print the figures of a run, a battery or an experiment on documents. Reads only its folder",
      report_command);
  command.add_option("run", a.run, "The folder of a run, a battery or an experiment on documents")
      ->capture_default_str();
  a.format.add_to(command, {"latex", "methods"});
  command.add_option("--plots", a.plots, "Write plots as SVG files into this folder, too");
  command
      .add_option("--margin", a.margin,
                  "Use this margin, in points. The report marks it as changed")
      ->check(CLI::Range(0.001, 100.0));
  // By functions, which are called only if a flag is given: an optional flag would become false.
  std::optional<bool>& strict_form = a.strict_form;
  command.add_flag_function(
      "--strict-form", [&strict_form](std::int64_t) { strict_form = true; },
      "Count only answers in the strict form, whatever the study says. The report marks it as "
      "changed");
  command.add_flag_function(
      "--any-form", [&strict_form](std::int64_t) { strict_form = false; },
      "Count answers in any form, whatever the study says. The report marks it as changed");
  command
      .add_option(
          "--judge", a.judges,
          "Count by this judge: NAME, the first digits of its hash (at least four), or NAME@HASH; "
          "of a name the newest version. Repeat it for the other kind. The report marks an "
          "unplanned judge")
      ->allow_extra_args(false);
  command.footer(
      "Examples:\n"
      "  iago report\n"
      "  iago report runs/latest --format md\n"
      "  iago report runs/latest --strict-form\n"
      "  iago report runs/latest --judge compliance-strongreject@openai:NAME\n"
      "  iago report runs/latest --format html > report.html\n"
      "  iago report runs/latest --format latex > tables.tex\n"
      "  iago report batteries/helpful-only-aligned-5e6f7a8b --format html > battery.html\n"
      "  iago report trainings/documents-experiment-knowing-faker-1a2b3c4d --format html > "
      "page.html\n"
      "  iago report runs/latest --format methods --plots plots");
}

}  // namespace iago
