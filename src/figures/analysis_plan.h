// The plan of analysis: what was decided before the first completion, so that nobody, the user
// included, can choose margin, form, judges, tests or sample size by the results. The run's store
// keeps its text and its SHA-256. Later differences from it are listed, never forbidden.
//
// Pure but for the store that is read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "record/contrast.h"
#include "record/judge_error.h"
#include "store/store.h"

namespace iago {

struct Summary;

struct PlannedJudge {
  std::string name, hash;
  // As known on the subject when the run began; absent: the plan does not say.
  std::optional<JudgeError> error = {};
  bool operator==(const PlannedJudge&) const = default;
};

// The planned trials: each wording and arm, the first `queries` queries of the set, each `repeats`
// times.
struct PlannedTrials {
  std::vector<std::string> wordings, arms;
  std::size_t queries = 0;
  std::uint32_t repeats = 0;
  bool operator==(const PlannedTrials&) const = default;
};

// The controls that a run could have, by the setting's data.
struct PlannedControls {
  // The reference combined with each control that goes with it in this channel; the first is the
  // one to run.
  std::vector<std::string> wordings;
  // Where none goes with it: a wording that has a control, and the two combined. Empty: the setting
  // has none in this channel.
  std::string other, other_control;
  bool operator==(const PlannedControls&) const = default;
};

struct AnalysisPlan {
  std::optional<double> margin_points;
  FormRule forms = FormRule::any;
  std::optional<std::uint64_t> seed;
  std::optional<std::vector<PlannedJudge>> judges;  // of each kind the first one counts
  std::optional<PlannedTrials> trials;
  // Labels of the queries, as RunRow has them; absent: the plan does not say.
  std::optional<std::string> cluster_by, groups;
  std::string reference;            // the wording that the others are compared with
  std::vector<Contrast> contrasts;  // the first is the headline's
  // What tells the tag from the rule (kTagOrRule) under the reference, run or not.
  PlannedControls controls;
  std::vector<std::string> methods;  // analysis_methods() at that time; empty: not recorded

  bool names_judge(std::string_view hash) const;
};

// What this program estimates, by which interval and test, and how it decides, one sentence each,
// which begins with its subject and a colon. A change in statistics changes a sentence here.
std::vector<std::string> analysis_methods();

// The plan as the text that RunRow::analysis_plan keeps: one line of JSON.
std::string to_text(const AnalysisPlan& plan);

// Absent if the text is not such JSON. Keys that are not there are absent in the plan.
std::optional<AnalysisPlan> read_analysis_plan(std::string_view text);

// All judges of the store. JudgeRow::planned is what the plan says, and where it names no judges
// what a session thought when it recorded the judge.
std::vector<JudgeRow> judges_by_plan(const Store& store, const std::optional<AnalysisPlan>& plan);

// One way in which the figures leave the plan.
struct PlanChange {
  std::string what;  // margin, form, clusters, groups, trials, judges or methods
  std::string text;  // a sentence without its full stop
};

// Everything in which the run and this summary of it leave the plan that its choice of judges
// holds. Empty if nothing does, and where the plan says nothing about it (an unreadable plan says
// nothing at all).
std::vector<PlanChange> changes_since_plan(const Store& store, const Summary& summary);

}  // namespace iago
