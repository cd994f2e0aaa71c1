// iago organism calibrate
#include "instrument/calibrate.h"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/json.h"
#include "cli/cell_runs.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "judge/rule_judges.h"
#include "models/organisms.h"
#include "models/subject.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

std::vector<Calibration> calibrate_one(const std::string& name,
                                       const OrganismCalibrateArguments& arguments,
                                       const Context& context, const InterruptGuard& interrupt,
                                       const Clock& clock) {
  auto model =
      open_subject(name, {.organisms = context.data / "organisms", .threads = arguments.threads});
  ProgressLine line(clock);
  CalibrateOptions options{.where = cell_runs(context, arguments.runs, interrupt, name, line),
                           .truth_repeats = arguments.truth_repeats,
                           .studies = arguments.studies};
  return calibrate(*model, make_rule_judges(rule_judge_names()), options, clock);
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

}  // namespace

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
  if (arguments.write) write_results(all, arguments, context.data);
  if (arguments.output == Output::json) {
    fmt::print("{}\n", dump_json(to_json(all), 2));
  } else {
    fmt::print("{}", to_markdown(all));
  }
  return 0;
}

}  // namespace iago
