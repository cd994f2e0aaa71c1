// iago organism recall
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/internal/interrupt.h"
#include "cli/internal/output_option.h"
#include "cli/internal/program.h"
#include "cli/internal/threads_option.h"
#include "instrument/recall.h"
#include "models/open_model.h"

namespace iago {
namespace {

struct OrganismRecallArguments {
  std::string model;
  std::size_t samples = 8;
  std::uint64_t seed = 1;
  ThreadsOption threads;
  OutputOption output;
};

int organism_recall_command(const OrganismRecallArguments& arguments, const Context& context) {
  InterruptGuard interrupt;
  auto model = open_model(arguments.model, {.organisms = context.data / "organisms",
                                            .threads = arguments.threads.count});
  RecallOptions options{.samples = arguments.samples,
                        .seed = arguments.seed,
                        .stop = interrupt.no_more(),
                        .on_row = [](const RecallRow& row) {
                          fmt::print(stderr, "asked: {}, {}, {}\n", row.labs, row.fact,
                                     row.question);
                        }};
  RecallMeasurement measurement = measure_recall(*model, options);
  if (arguments.output.json)
    fmt::print("{}\n", dump_json(to_json(measurement), 2));
  else
    fmt::print("{}\n\n{}", measurement.model, to_markdown(measurement));
  return 0;
}

}  // namespace

void add_organism_recall(Program& iago) {
  auto [command, a] = iago.add<OrganismRecallArguments>(
      "organism recall",
      "Ask what an organism knows of the world's labs, and compare with the documents",
      organism_recall_command);
  command.add_option("model", a.model, "organism:NAME or local:FOLDER")->required();
  command.add_option("--samples", a.samples, "Samples of each lab and question")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  command.add_option("--seed", a.seed, "Names the random streams")->capture_default_str();
  a.threads.add_to(command);
  a.output.add_to(command);
  command.footer("Example:\n  iago organism recall organism:base");
}

}  // namespace iago
