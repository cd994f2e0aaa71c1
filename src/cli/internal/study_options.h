// A study as the command line names and changes it, and the other options that `iago run` and
// `iago plan` share. A dry run plans by the options of the run itself.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/internal/budget_options.h"
#include "cli/internal/context.h"
#include "cli/internal/model_endpoints.h"
#include "cli/internal/output_option.h"
#include "cli/internal/runs_option.h"
#include "study/study.h"

namespace iago {

struct StudyOptions {
  std::filesystem::path file;
  StudyOverrides overrides;             // overrides.model stays absent: see `models`
  std::vector<std::string> models;      // one run each; empty: the study's own
  std::vector<std::string> parameters;  // NAME=VALUE, as --set has them
  std::vector<std::string> judges;      // as the user names them; empty: the study's own
  RunsOption runs;
  bool fresh = false;
  OutputOption output;
  ModelEndpoints endpoints;
  BudgetOptions budget;

  std::vector<std::filesystem::path> reuse;  // folders of runs
  std::filesystem::path checks = "checks";   // the folder of all checks
  bool explain_miss = false;
  bool probe = false;  // ask models behind URLs for one token, for their limits

  // The study, what changes it, where it goes and --json. Endpoints, budget, --reuse,
  // --explain-miss and --probe are added by the commands that have them.
  void add_to(CLI::App& command);

  // With the parameters in them. Error invalid for one that is not NAME=VALUE.
  StudyOverrides resolved_overrides() const;
};

// The study with the overrides of one run. Where a judge needs a model and none is named, the
// judges are those that the study names for that case. Error invalid if neither names a model,
// and if log-probabilities are asked of one that can give none.
LoadedStudy load_study_with_model(const StudyOptions& options, const StudyOverrides& overrides,
                                  const Context& context);

// What to tell where other judges than the study's judge, for want of a model; empty elsewhere.
std::string judges_note(const Study& study);

// The overrides of each run: one for every model of the options, or of the study's own if they name
// none; the given ones alone if the study names one model or none. Error invalid for a model that
// is named twice and for more than 100; errors of load_study.
std::vector<StudyOverrides> overrides_per_model(const StudyOptions& options,
                                                const Context& context);

}  // namespace iago
