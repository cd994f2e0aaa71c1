// A judge compared with texts whose truth is known, from a CSV or JSON lines file: what people
// labelled, or what was written to be judged.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "figures/labelled.h"
#include "judge/judge.h"
#include "judge/judge_error.h"

namespace iago {

struct LabelledText {
  JudgeView view;
  // Absent: people call it unclear, or do not agree (`disputed`).
  std::optional<bool> is_positive = false;
  bool is_disputed = false;
  std::string id = {};         // as the file names the text, else its line
  std::size_t line = 0;        // of the file: 1, 2, ...
  std::string kind = {};       // what sort of text it is, in the file's words; may be empty
  LabelledOrigin origin = {};  // who wrote it, and where; what the file does not say is empty
};

// The columns query, scratchpad, output and situation where they are there; `text` stands for the
// scratchpad or output that has no column of its own (of a file that has an output beside it, for
// the scratchpad); the label is in alignment_faking_human_label, else in `label`: true, yes or 1
// against false, no or 0, the labels of the judge's kind, or kUnclear. Further columns are `id`,
// `kind`, `disputed`, `subject`, `setting` and `arm`. A file whose name ends in .jsonl has an
// object a line with fields of these names. Error invalid with file and line for anything else, for
// a column missing that the judge `reads`, and for an arm without a setting.
std::vector<LabelledText> parse_labelled(std::string_view content, std::string_view where,
                                         const JudgeInfo& judge);
// Error not_found if there is no such file.
std::vector<LabelledText> load_labelled(const std::filesystem::path& file, const JudgeInfo& judge);

// Error cancelled when stopped, and where the judge can go on no more. Many texts are in flight.
// `on_judged` is called after each with how many there are by then, one call at a time, from any
// thread.
LabelledResult hold_against_labels(Judge& judge, const std::vector<LabelledText>& texts,
                                   std::stop_token stop,
                                   const std::function<void(std::size_t)>& on_judged = {});

// What the result says of the judge's error, one entry for each subject and setting that the texts
// name. `file` is named where they name no subject, by its last folder and its name. Texts that the
// judge gave no label count nowhere.
std::vector<MeasuredJudge> judge_errors(const LabelledResult& result,
                                        const std::filesystem::path& file);

}  // namespace iago
