// One run as `iago plan` knows it before anything of it is asked.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/internal/context.h"
#include "cli/internal/study_options.h"
#include "figures/planned_run.h"
#include "reuse/mismatches.h"
#include "spend/budget.h"
#include "spend/forecast.h"
#include "spend/prices.h"
#include "spend/time_estimate.h"
#include "study/plan.h"
#include "study/study.h"

namespace iago {

// How long it takes, by all that tells of it.
struct PlannedTime {
  std::optional<double> at_own_pace;      // seconds, at that of the run's earlier sessions
  std::optional<double> at_earlier_pace;  // else at that of
  std::string earlier_run;                // this run of the same subject
  std::vector<ProbedModel> probed;        // with --probe: the models behind URLs, each once
  Spent spent_on_probes;
  std::optional<TimeBound> least;  // by what the probes told

  // The figure that machines get, and what it rests on: "limits", "earlier sessions", "run NAME",
  // or "latency" (TimeBound::kind is absent). By the limits if any are stated; else by a pace;
  // absent if nothing tells.
  struct Figure {
    double seconds = 0;
    std::string basis;
  };
  std::optional<Figure> figure() const;
};

struct PreparedRun {
  LoadedStudy loaded;
  Plan plan;
  std::filesystem::path folder;
  std::optional<double> detectable;  // points
  std::vector<ModelEstimate> estimates = {};
  std::optional<MismatchReport> mismatches = {};  // if asked for
  PlannedTime time = {};
};

// Of a run whose estimates are known. With --probe every model behind a URL that the run would ask
// is asked one request, within the budget; else nothing is sent. Errors as open_model and
// probe_limits.
PlannedTime time_of(const PreparedRun& run, const StudyOptions& options, const PriceTable& prices,
                    const Context& context);

// Lines for people. Empty for a run on this machine that nothing tells of.
std::string time_text(const PreparedRun& run, const PriceTable& prices);

// The run as values to show.
PlannedRun planned_run(const PreparedRun& run);

}  // namespace iago
