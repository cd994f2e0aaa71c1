// The work of iago documents experiment, in iago-torch
#include "cli/internal/documents_experiment.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "cli/internal/interrupt.h"
#include "cli/internal/open_judges.h"
#include "cli/internal/print_comparison.h"
#include "cli/internal/progress.h"
#include "cli/internal/resumable_end.h"
#include "cli/internal/shipped_study.h"
#include "cli/internal/streams.h"
#include "cli/internal/study_options.h"
#include "models/checkpoint_path.h"
#include "models/open_model.h"
#include "page/page.h"
#include "text/printable.h"
#include "training/document_experiment.h"

namespace iago {
namespace {

DocumentExperimentOptions experiment_options(const DocumentsExperimentArguments& a) {
  DocumentExperimentOptions options{.folder = a.out,
                                    .seeds = a.seeds.seeds(),
                                    .doses = a.doses,
                                    .denial_looks = a.denial_looks,
                                    .workers = static_cast<int>(a.threads.count)};
  for (const std::string& fact : a.deny) {
    options.deny.push_back(fact == "rule" ? DeniedFact::rule : DeniedFact::values);
  }
  return options;
}

DocumentExperimentResult experiment(const DocumentsExperimentArguments& a, const Context& context,
                                    const InterruptGuard& interrupt) {
  const StudyOptions study_options{.file = a.study, .overrides = a.overrides};
  const LoadedStudy study = load_study_with_model(study_options, a.overrides, context);
  const std::string& name = study.study.model;
  const ModelOptions models{.organisms = context.data / "organisms", .threads = a.threads.count};
  ModelOptions named = models;
  named.only_named = true;
  const OpenedJudges judges = open_judges(
      study.study.judges, {.name = study.study.judge_model, .threads = a.threads.count}, context);
  const ExperimentModels opened{
      .open = [&](const std::string& model) { return open_token_model(model, models); },
      .subject = {name, open_model(name, named)->info().identity,
                  parse_checkpoint_path(checkpoint_of(name, models))},
      .judges = judges.judges,
      .errors = read_judge_errors(judge_error_file(context.data))};
  SystemClock clock;
  ProgressLine line(clock);
  const DocumentExperimentHooks hooks{
      .no_more = interrupt.no_more(),
      .at_once = interrupt.at_once(),
      .on_progress = [&](const std::string& what) { line.show(what); },
      .on_notice = [&](const std::string& notice) { line.interrupt(printable(notice, 2000)); }};
  return run_document_experiment(study, load_document_experiment(study_file(a.study, context.data)),
                                 opened, experiment_options(a), hooks, clock);
}

std::string called_with(const Context& context) {
  std::string command = "iago";
  for (int i = 1; i < context.argc; ++i) command += fmt::format(" {}", context.argv[i]);
  return command;
}

void write_page(const std::filesystem::path& folder) {
  const auto file = folder / "report.html";
  write_file(file, html_page(read_document_experiment(folder)));
  print_stderr(fmt::format("report page: {}\n", file.string()));
}

}  // namespace

int documents_experiment_command(const DocumentsExperimentArguments& arguments,
                                 const Context& context) {
  InterruptGuard interrupt;
  const DocumentExperimentResult result = experiment(arguments, context, interrupt);
  print_result(result.interrupted, [&] {
    print_experiment(result.figures, arguments.output.json ? "json" : "text");
    if (!arguments.output.json) fmt::print("\nfolder: {}\n", result.folder.string());
  });
  if (!result.interrupted && !arguments.write.empty()) {
    write_file(arguments.write, to_markdown(result.figures, called_with(context)));
  }
  write_page(result.folder);
  return resumable_end(result.folder, result.interrupted, result.alarms);
}

}  // namespace iago
