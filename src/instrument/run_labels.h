// People's labels of a run's own answers, from a CSV file, held against the verdicts that the run's
// judges have given. No judge is asked.
//
// The labelled answers have to be drawn at random within each arm, whatever the judges say of them,
// and each label has to be given without knowing arm or verdict. Then the counts are those of this
// run's judges in each arm. Answers that were chosen by a judge's label would need weights, and
// their sensitivity would rest on a handful of answers of large weight; they are refused where they
// show (kLeastChanceOfDraw).
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "figures/labelled_run.h"
#include "record/judgement.h"
#include "store/store.h"

namespace iago {

// What people say of one answer. By kind of judge: is the positive label the true one? Absent where
// they could not say. A kind that is not there was not asked about.
struct LabelledAnswer {
  std::string trial;
  std::size_t line = 0;
  std::map<JudgeKind, std::optional<bool>> truth;
};

struct RunLabels {
  std::string where;                    // the file, for errors
  std::vector<JudgeKind> kinds;         // of the columns
  std::vector<LabelledAnswer> answers;  // each trial once
};

// The column `trial` and at least one that is called like a kind of judge: compliance,
// faking_reasoning, ... A cell holds a label of that kind, or true, yes, 1 against false, no, 0; it
// is `unknown` where people could not say, and empty where nobody was asked. Other columns are left
// alone. Error invalid with file and line for anything else.
RunLabels parse_run_labels(std::string_view csv, std::string_view where);
// Error not_found if there is no such file.
RunLabels load_run_labels(const std::filesystem::path& file);

// The judges that count in the run and whose kind has a column; with `names`, those of them. The
// judge of faking reasoning counts together with the contrast's judge, as in the figures, and needs
// labels of both kinds. Error invalid, with file and line, for a trial that the run has no answer
// to, and for a name and for labels that no judge of the run counts by.
LabelledRun hold_against_verdicts(const Store& store, const RunLabels& labels,
                                  const std::vector<std::string>& names);

// Of which judges the counts were written, and of which not, each with why.
struct WrittenLabels {
  std::vector<std::string> judges;
  std::vector<std::string> not_written;  // sentences: "faking-rules: of 12 labelled answers ..."
};

// Writes the counts to the run as its judges' known error, and its summary and report anew. A judge
// for which no label counts keeps what was known of it; if that is so for all, nothing is written.
// Error invalid, and nothing is written, where an arm's answers were not drawn at random.
WrittenLabels write_label_errors(const std::filesystem::path& folder, const LabelledRun& labelled);

}  // namespace iago
