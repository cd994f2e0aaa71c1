// A judge compared with texts that people have labelled, from a CSV file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string_view>
#include <vector>

#include "figures/labelled.h"
#include "judge/judge.h"

namespace iago {

struct LabelledText {
  JudgeView view;
  std::optional<bool> is_positive = false;  // absent: people call it unclear
};

// The columns query, scratchpad, output and situation where they are there; `text` stands for the
// scratchpad or output that has no column of its own; the label is in alignment_faking_human_label,
// else in `label`: true, yes or 1 against false, no or 0, the labels of the judge's kind, or
// kUnclear. Error invalid
// with file and line for anything else and for a column missing that the judge `reads`.
std::vector<LabelledText> parse_labelled(std::string_view csv, std::string_view where,
                                         const JudgeInfo& judge);
// Error not_found if there is no such file.
std::vector<LabelledText> load_labelled(const std::filesystem::path& file, const JudgeInfo& judge);

// Error cancelled when stopped, and where the judge can go on no more. Many texts are in flight.
LabelledResult hold_against_labels(Judge& judge, const std::vector<LabelledText>& texts,
                                   std::stop_token stop);

}  // namespace iago
