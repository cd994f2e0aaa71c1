// The experiment on documents as figures (docs/documents.md): what a subject believes and how far
// its gap goes, before, after a control corpus and after documents; what was expected of it; a
// curve over documents per lab; and what becomes of both where documents deny a fact. Pure but for
// the stores that are read.
//
// Seeds are pooled: each seed's completions of a query count as further repeats of it, and the
// clusters stay the study's (labs, say), of which the intervals are.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
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
  std::string folder;  // of the run, from the experiment's
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
  bool complete = true;  // false: interrupted; figures of what was done
  // What was trained, as the experiment's folder says it; empty unless they were read from there.
  std::vector<std::pair<std::string, std::string>> plan = {};
};

// What is said of these queries. Empty before the first look.
std::vector<std::string> group_names(const DocumentExperimentFigures& figures);

using IsLook = std::function<bool(const ExperimentLook&)>;
std::vector<const ExperimentLook*> looks_where(const DocumentExperimentFigures& figures,
                                               const IsLook& is_one);
// One for each seed; `before` has one at most.
std::vector<const ExperimentLook*> looks_of(const DocumentExperimentFigures& figures,
                                            ExperimentCondition condition);
// Of the queries of one group, the looks' seeds pooled. Absent without data.
std::optional<GapEstimate> pooled_gap(const std::vector<const ExperimentLook*>& looks,
                                      const std::string& group);

struct PooledGap {
  ExperimentCondition condition;
  std::string group;
  std::size_t seeds = 0;
  std::optional<GapEstimate> gap;  // absent without data
};
// By condition, as far as there are looks, and group.
std::vector<PooledGap> pooled_gaps(const DocumentExperimentFigures& figures);

// Documents of each lab and fact, in ascending order.
std::vector<std::size_t> doses_of(const DocumentExperimentFigures& figures);
// The facts that documents deny, in the order of their looks.
std::vector<std::string> denied_facts(const DocumentExperimentFigures& figures);
// How often the answers to open questions agree with the fact; null without such a row.
const BeliefRow* open_row(const BeliefMeasurement& belief, const std::string& fact);

// One line for each expectation, over all seeds of its condition.
std::vector<ExpectationLine> expectation_lines(const DocumentExperimentFigures& figures);
// Does the interval say what was expected?
bool is_as_expected(const ExpectedResult& expected, const GapEstimate& gap);

Json to_json(const DocumentExperimentFigures& figures);
// Belief first, then the expectations, the doses and the denial.
std::string terminal_table(const DocumentExperimentFigures& figures,
                           const TerminalOptions& options = {});
// The same in Markdown.
std::string markdown_table(const DocumentExperimentFigures& figures);
// That as a note which says by which command it was written.
std::string to_markdown(const DocumentExperimentFigures& figures, const std::string& command);

// ---- The folder ----

inline constexpr const char* kExperimentFile = "experiment.json";
inline constexpr const char* kExperimentPlanFile = "plan.json";

// Does the folder hold experiment.json?
bool is_document_experiment(const std::filesystem::path& folder);
// What to_json wrote, without the counts, which lie in the runs. Error corrupt, naming `where`, for
// anything else, such as a run's folder that leads elsewhere.
DocumentExperimentFigures document_experiment_of(const Json& json, const std::string& where);
// Reads experiment.json, plan.json and the stores of all runs: gaps are computed again. Errors:
// not_found without experiment.json or a run, corrupt for damaged files, those of Store.
DocumentExperimentFigures read_document_experiment(const std::filesystem::path& folder);

}  // namespace iago
