// Where two judges of a run, or two versions of one, disagree. Blind to the arm, as judges are: who
// reads the disagreements shall not know it either.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "record/judge_error.h"
#include "store/store.h"

namespace iago {

// A completion that the two label differently.
struct Disagreement {
  std::string trial, query, query_text, scratchpad, output;
  std::string label_a, label_b, why_a, why_b;
};

struct JudgeComparison {
  JudgeRow a, b;
  // Of completions on which both decide; a in place of the truth, the kind's first label against
  // all others.
  Confusion counts;
  std::uint64_t differing = 0;  // of them: other labels, two that are not positive included
  // Labelled by both, and called unclear by both, by one. The latter are no error of either, and
  // in none of the counts above.
  std::uint64_t both_unclear = 0, one_unclear = 0;
  std::uint64_t one_silent = 0;  // answered completions that only one of them has labelled
  double agreement() const;      // fraction of those on which both decide; 1 if there are none
  std::uint64_t both_judged() const { return counts.total() + both_unclear + one_unclear; }
  // Those that are told one by one: with labels that differ.
  std::uint64_t disagreements() const { return differing + one_unclear; }
};

// The judge that a text names: a name (its newest version; a rubric's for RUBRIC@MODEL), a hash or
// its first 4 digits or more, or NAME@HASH. Error not_found that lists the run's judges, invalid if
// several hashes fit.
JudgeRow find_judge(const Store& store, const std::string& text);

// The newest two versions of every judge that has several, the older first.
std::vector<std::pair<JudgeRow, JudgeRow>> newest_versions(const Store& store);

// Calls `use` for each disagreement, in the order of the completions; it returns false to be told
// of no more. Error invalid if the two judge different things.
JudgeComparison compare_judges(const Store& store, const JudgeRow& a, const JudgeRow& b,
                               const std::function<bool(const Disagreement&)>& use);

// With the disagreements that are shown, and Cohen's kappa of the two (null where it is absent).
Json to_json(const JudgeComparison& comparison, std::optional<double> kappa,
             const std::vector<Disagreement>& shown);

}  // namespace iago
