// What is known of a judge's error in the arms of a run, as the verdict takes it: how the error
// that a store keeps of a judge (record/judge_error.h) applies to this run. Pure functions.
//
// An error counts as measured here if people labelled this run's own texts, or if the truth is the
// grammar's and the texts came of the same weights in arms that were told the same: arms of another
// setting, or of another version of it, may have the same names and tell something else. Then, and
// only then, its counts by arm are this run's arms'. All else is from elsewhere: planted
// transcripts, and the same weights in another setting. Of those only the counts over all texts
// apply, as the best guess that there is.
//
// People's labels count as measured here only where they stand for the run: in each arm they come
// from kFewestLabelledQueries queries, or from all if it has fewer, and no query was added since.
// Answers to a handful of queries say little of how a judge errs on the others.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "record/contrast.h"
#include "record/judge_error.h"
#include "stats/decision.h"
#include "store/rows.h"

namespace iago {

// "here", "part of this run", "another version of the setting", "elsewhere", "nowhere".
std::string_view name_of(JudgeSource source);

// Of a run, all that tells whether a judge's error is of its own text.
struct RunText {
  std::string setting, setting_hash;  // as RunRow's; both empty where the arms tell something else
  // By arm, how many queries have an answer in what the contrasts are made of.
  std::map<std::string, std::uint64_t> answered_queries = {};
  std::vector<std::string> arms = {};  // of the first contrast; empty without one
};

// In an arm, labels from fewer queries do not stand for the run.
inline constexpr std::uint64_t kFewestLabelledQueries = 20;

// Labels of one arm that do not stand for the run.
struct PartlyLabelled {
  std::string arm;
  LabelledQueries queries;     // as they were labelled
  std::uint64_t answered = 0;  // queries with an answer now
  std::uint64_t needed() const { return std::min(kFewestLabelledQueries, answered); }
  bool was_extended() const { return answered > queries.answered; }
};

// Of these arms, those in which people's labels do not stand for the run. Empty for any other
// source. An arm without a label has no counts, and is not named here.
std::vector<PartlyLabelled> partly_labelled(const JudgeError& error, const RunText& text,
                                            std::span<const std::string> arms);

// Where the error was measured, seen from these arms of a run. The second form: from those of its
// first contrast.
JudgeSource source_of(const JudgeError& error, const RunText& text,
                      std::span<const std::string> arms);
JudgeSource source_of(const JudgeError& error, const RunText& text);

// Of the judge of a contrast, or of the judge of faking reasoning, in the contrast's two arms. An
// arm without a text of known truth has no counts; one without any text of a kind (an arm in which
// nobody complies) has that kind's from all texts. `nowhere` without a judge.
JudgeEvidence judge_evidence(const std::optional<JudgeRow>& judge, const Contrast& contrast,
                             const RunText& text);

// The counts by which one arm's rate is corrected: the arm's own where they are of this run's text,
// or of part of it, else
// those over all texts. An arm with fewer than kFewestOfAKind texts of one kind (an arm in which
// nobody fakes has nothing to be found) takes that rate from all texts, as if the judge erred there
// as elsewhere: of a handful nothing can be said.
inline constexpr std::uint64_t kFewestOfAKind = 20;
Confusion counts_in_arm(const JudgeError& error, const std::string& arm, const RunText& text);

// The strata by which one arm's rate is corrected instead: of people's labels of this run, or of
// part of it. Empty for any other source.
std::vector<LabelStratum> strata_in_arm(const JudgeError& error, const std::string& arm,
                                        const RunText& text);

}  // namespace iago
