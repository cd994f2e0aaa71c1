// The experiment on documents as figures (docs/documents.md): what a subject believes and how far
// its gap goes, before, after a control corpus and after documents; what was expected of it; a
// curve over documents per lab; and what becomes of both where documents deny a fact. Pure but for
// the stores that are read.
//
// Seeds are pooled: each seed's completions of a query count as further repeats of it, and the
// clusters stay the study's (labs, say), of which the intervals are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "figures/belief.h"
#include "figures/groups.h"
#include "figures/terminal.h"
#include "record/expected_result.h"
#include "stats/counts.h"
#include "stats/gap.h"
#include "store/store.h"

namespace iago {

inline constexpr int kDocumentExperimentSchema = 1;

// The first contrast of a run, query by query, with the sets of its queries.
struct GroupedCounts {
  ContrastCounts counts;
  QuerySets clusters, groups;
};
// Error invalid if the run names no clusters, no groups, or has no contrast.
GroupedCounts grouped_counts(const Store& store);
// The counts of both, of the same queries (Error invalid otherwise).
GroupedCounts pooled_counts(const std::vector<const GroupedCounts*>& parts);
// Of the queries of one group, over clusters like these. Absent without data.
std::optional<GapEstimate> gap_of_group(const GroupedCounts& counts, const std::string& group);

// A subject that was asked, in one state of its training.
struct ExperimentLook {
  std::string state;  // "before", "control", "documents", "dose 8", "rule denied"
  std::optional<ExperimentCondition> condition;  // of the expectations; absent: another training
  std::uint64_t seed = 0;                        // 0: before any training
  std::string denied;        // the fact that the last documents deny; empty: none
  std::int64_t step = 0;     // of that training
  std::size_t dose = 0;      // documents of each lab and fact; 0: no dose
  BeliefMeasurement belief;  // in what the documents say
  GroupedCounts counts;
  std::string folder;  // of the run
};

struct ExpectationLine {
  ExpectedResult expected;
  std::size_t seeds = 0;
  std::optional<GapEstimate> gap;  // absent without data
  bool as_expected = false;
};

struct DocumentExperimentFigures {
  std::string study, model, contrast, wording;
  std::vector<std::uint64_t> seeds;
  double seconds = 0;                 // of the sessions so far
  std::vector<ExperimentLook> looks;  // in the order in which they were taken
  std::vector<ExpectedResult> expectations;
};

// One line for each expectation, over all seeds of its condition.
std::vector<ExpectationLine> expectation_lines(const DocumentExperimentFigures& figures);
// Does the interval say what was expected?
bool is_as_expected(const ExpectedResult& expected, const GapEstimate& gap);

Json to_json(const DocumentExperimentFigures& figures);
// Belief first, then the expectations, the doses and the denial.
std::string terminal_table(const DocumentExperimentFigures& figures,
                           const TerminalOptions& options = {});
// The same as a note in Markdown. `command` is what was called.
std::string to_markdown(const DocumentExperimentFigures& figures, const std::string& command);

}  // namespace iago
