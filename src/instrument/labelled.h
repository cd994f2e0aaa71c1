// A judge held against texts that people have labelled, from a CSV file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "judge/agreement.h"
#include "judge/judge.h"
#include "run/grading.h"
#include "stats/auroc.h"

namespace iago {

struct LabelledText {
  JudgeView view;
  bool is_positive = false;
};

// The columns query, scratchpad, output and situation where they are there; `text` stands for the
// scratchpad or output that has no column of its own; the label is in alignment_faking_human_label,
// else in `label`: true, yes or 1 against false, no or 0, or the labels of `kind`. Error invalid
// with file and line for anything else and for a column missing that the judge `reads`.
std::vector<LabelledText> parse_labelled(std::string_view csv, std::string_view where,
                                         const JudgeInfo& judge);
// Error not_found if there is no such file.
std::vector<LabelledText> load_labelled(const std::filesystem::path& file, const JudgeInfo& judge);

struct LabelledResult {
  std::string judge, hash, kind;
  Confusion counts;  // of the texts with a verdict, the judge's positive label against all others
  GradingCount grading;
  std::optional<Auroc> area;                         // by the verdicts' probability
  std::optional<ThresholdAtRate> at_one_in_hundred;  // false positives
};

// Error cancelled when stopped, and where the judge can go on no more. Many texts are in flight.
LabelledResult hold_against_labels(Judge& judge, const std::vector<LabelledText>& texts,
                                   std::stop_token stop);

Json to_json(const LabelledResult& result);
std::string to_markdown(const std::vector<LabelledResult>& results);

}  // namespace iago
