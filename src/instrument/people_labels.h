// People's labels of a run's own answers: read from files, held against the judges by the sample's
// strata (label_sample.h), and written into the run as its judges' known error. No judge is asked.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "figures/labelled_run.h"
#include "figures/summary.h"
#include "store/store.h"

namespace iago {

// What one person may be asked of an answer, in the order of asking: the kind of the contrast's
// judge and, if one counts, that of the judge of faking reasoning, which is asked only of answers
// that comply or may.
std::vector<JudgeKind> asked_kinds(const Store& store, const LabelSample& sample);

// One answer of the sample, as people see it: neither arm nor wording nor any judge's word.
struct AnswerToLabel {
  std::string trial, query, scratchpad, output;  // the query's own text
};
// In the sample's order. Error corrupt if the store has lost one.
std::vector<AnswerToLabel> answers_to_label(const Store& store, const LabelSample& sample);

// The labels of a file, CSV or, if its name ends in .jsonl, one JSON object a line: `trial`, a
// field for each kind that was labelled, and where they are there `note` and `labeller` (else
// `labeller` of the call). A label is one of its kind, or yes or no of the positive one, or
// `unknown`; an empty one says nothing. Other fields are left alone. Error invalid with file and
// line for anything else, for a trial that the sample does not hold, for one that is labelled twice
// by the same person, and for a file without any label.
std::vector<PeopleLabel> read_label_file(const std::filesystem::path& file, const Store& store,
                                         const LabelSample& sample, const std::string& labeller,
                                         const Clock& clock);
std::vector<PeopleLabel> parse_label_file(std::string_view content, const std::string& where,
                                          const std::vector<JudgeKind>& kinds,
                                          const LabelSample& sample, const std::string& labeller,
                                          const Clock& clock);

// The sample as a CSV file that parse_label_file reads once its columns are filled in; the columns
// hold what `labeller` has said already. A cell that a spreadsheet would run as a formula begins
// with an apostrophe.
std::string label_sheet(const Store& store, const LabelSample& sample, const std::string& labeller);

// What the labels say. Where people disagree, what most of them say; of a draw nobody knows. Error
// invalid for a run without a sample, and where other judges count now.
LabelledRun hold_labels(const Store& store);

// Of which judges the counts were written, and of which not, each with why.
struct WrittenLabels {
  std::vector<std::string> judges;
  std::vector<std::string> not_written;  // sentences: "faking-rules: no drawn answer has ..."
  std::vector<std::string> withdrawn;    // of these, whose earlier labels counted, and do no longer
  std::optional<Summary> summary;        // as written; absent if nothing was
};

// Writes what was found to the run as its judges' known error, and its summary and report anew. A
// judge for which no label counts keeps what was known of it from elsewhere. What labels of this
// run said before is withdrawn where they contradict each other now: then nothing is known of the
// judge. If no judge's error changes, nothing is written.
WrittenLabels write_label_errors(const std::filesystem::path& folder, const LabelledRun& labelled);

}  // namespace iago
