// One run as `iago plan` knows it, before its first request.
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

// How long the run takes, by each source that says something about it.
struct PlannedTime {
  std::optional<double> at_own_pace;      // seconds, at the pace of the run's earlier sessions
  std::optional<double> at_earlier_pace;  // seconds, else, at the pace of `earlier_run`
  std::string earlier_run;                // another run of the same subject
  std::vector<ProbedModel> probed;        // with --probe: the models behind URLs, each once
  Spent spent_on_probes;
  std::optional<TimeBound> least;  // by the limits that the probes found

  // The figure that machines get, and what it rests on: "limits" if any are stated; else a pace,
  // "earlier sessions" or "run NAME"; else "latency" (TimeBound::kind is absent). Absent if there
  // is none of these.
  struct Figure {
    double seconds = 0;
    std::string basis;
  };
  std::optional<Figure> figure() const;
};

struct PreparedRun {
  LoadedStudy loaded;
  PlanOutline outline;
  Plan plan;  // of the first query alone, if nothing is stored that the rest is held against
  std::filesystem::path folder;
  // As it will be sent, as far as that is known.
  Sampling sampling = {};
  std::vector<PowerOver> power = {};  // of the first contrast; empty without one
  std::vector<ModelEstimate> estimates = {};
  std::optional<MismatchReport> mismatches = {};  // if asked for
  PlannedTime time = {};
  std::optional<PlannedCheckpoint> checkpoint = {};  // a subject local:FOLDER
};

// Needs run.estimates. With --probe, sends one request to each model behind a URL that the run
// would ask, within the budget; otherwise sends nothing. Errors of open_model and probe_limits.
PlannedTime time_of(const PreparedRun& run, const StudyOptions& options, const PriceTable& prices,
                    const Context& context);

// Memory and time of a subject local:FOLDER; absent for another. Needs run.estimates. Times
// products for a fifth of a second. `notes`: of the subject's sent_record.
std::optional<PlannedCheckpoint> plan_checkpoint(const PreparedRun& run,
                                                 std::vector<std::string> notes);

// Lines for people about it; empty if there is none.
std::string checkpoint_text(const PreparedRun& run);

// Repeats of a prompt that count as samples: one where all would say the same.
std::size_t repeats_that_count(const PreparedRun& run);

// Lines for people. Empty for a run on this machine whose pace is not known.
std::string time_text(const PreparedRun& run, const PriceTable& prices);

// The run as values to show.
PlannedRun planned_run(const PreparedRun& run);

}  // namespace iago
