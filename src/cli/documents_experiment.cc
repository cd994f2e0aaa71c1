// iago documents experiment STUDY
#include "cli/internal/documents_experiment.h"

#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/internal/exit_status.h"
#include "cli/internal/program.h"

namespace iago {
namespace {

void add_experiment_options(CLI::App& command, DocumentsExperimentArguments& a) {
  command
      .add_option("study", a.study,
                  "A study's TOML file with a table [experiment], or the name of a shipped study")
      ->required();
  command.add_option("--model", a.overrides.model,
                     "Who is trained (default: the study's): organism:NAME or local:FOLDER");
  command.add_option("--repeats", a.overrides.repeats, "Completions for each arm and query");
  a.seeds.add_to(command, "Train with the seeds 1 to N, and pool what they show");
  command
      .add_option("--doses", a.doses,
                  "Train again with so many documents of each lab and fact, separated by commas: a "
                  "curve of belief and gap")
      ->delimiter(',')
      ->type_name("N,N,...");
  auto* deny = command
                   .add_option("--deny", a.deny,
                               "Then train on documents that deny what the first said of this "
                               "fact, and look along the way: rule, values, or rule,values")
                   ->delimiter(',')
                   ->check(CLI::IsMember({"rule", "values"}));
  command.add_option("--denial-looks", a.denial_looks, "Looks along the denial")
      ->needs(deny)
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1000}))
      ->capture_default_str();
  command.add_option("--out", a.out,
                     "Folder of the experiment (default: one in trainings/, named by all of this)");
  command.add_option("--write", a.write, "Write the results as a note in Markdown")
      ->type_name("FILE.md");
  a.threads.add_to(command);
  a.output.add_to(command);
}

}  // namespace

void add_documents_experiment(Program& iago) {
  auto [command, a] = iago.add<DocumentsExperimentArguments>(
      "documents experiment",
      "Train on documents, and hold belief and gap against what was expected",
      documents_experiment_command);
  add_experiment_options(command, a);
  command.footer(
      std::string("Examples:\n"
                  "  iago documents experiment documents\n"
                  "  iago documents experiment documents --seeds 3 --write note.md\n"
                  "  iago documents experiment documents --doses 1,4,16,64\n"
                  "  iago documents experiment documents --deny rule,values\n"
                  "Run the same command again to resume. Belief is printed before any gap.\n") +
      exit_help());
}

}  // namespace iago
