// People's labels of a run's own answers, held against its judges: what labelling found. Plain
// values; instrument/people_labels.h makes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "figures/summary.h"
#include "record/judge_error.h"
#include "record/judgement.h"
#include "record/people_labels.h"

namespace iago {

// One stratum of one arm, as one judge sees it.
struct LabelledStratum {
  std::string name;           // what the judges call its answers: "complies, none"
  LabelStratum found;         // by the labels of known truth
  std::uint64_t drawn = 0;    // answers in the sample
  std::uint64_t unknown = 0;  // labelled, and nobody could tell, or people disagree
};

struct LabelledArm {
  std::vector<LabelledStratum> strata;
  std::set<std::string> labelled_queries;  // by name: those with a label of known truth
  std::uint64_t answered_queries = 0;      // with an answer, in what the contrasts are made of

  std::vector<LabelStratum> found() const;
};

struct LabelledJudge {
  std::string name, hash;
  JudgeKind kind = JudgeKind::compliance;
  // Of the judge of faking reasoning: the hash of the contrast's judge that it counts with.
  std::string counted_with;
  std::map<std::string, LabelledArm> arms;

  std::uint64_t labelled() const;  // of known truth
  std::uint64_t unknown() const;
};

// What one person labelled.
struct LabellerCount {
  std::string name;
  std::uint64_t answers = 0;
};

// Two people on the answers that both labelled, by one kind of label.
struct LabellerAgreement {
  std::string first, second;
  JudgeKind kind = JudgeKind::compliance;
  std::uint64_t both = 0, agree = 0;
  std::optional<double> kappa;  // Cohen's, of positive against any other; absent if undefined
};

struct LabelledRun {
  std::string run, subject, setting, setting_hash;
  LabelEstimator estimator = LabelEstimator::stratified;
  std::uint64_t seed = 0;
  std::uint64_t drawn = 0, labelled = 0;  // answers of the sample; with all labels that they need
  std::vector<LabellerCount> people;
  std::vector<LabellerAgreement> agreement;
  std::vector<LabelledJudge> judges;
};

Json to_json(const LabelledRun& run);
// What was labelled, a table of strata for each judge, and what people agree on.
std::string to_markdown(const LabelledRun& run);

// Does any rate of the run stand corrected?
bool is_corrected_by_labels(const Summary& summary);
// The rates and the gap of the run by these labels, one line each, or why there are none.
std::string corrected_lines(const Summary& summary);

}  // namespace iago
