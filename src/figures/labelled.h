// A judge compared with texts that people have labelled: the result. Plain values;
// instrument/labelled.h makes them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "record/grading_count.h"
#include "record/judge_error.h"
#include "record/judgement.h"
#include "stats/auroc.h"

namespace iago {

struct LabelledResult {
  std::string judge, hash;
  JudgeKind kind = JudgeKind::compliance;
  // Of the texts that neither people nor the judge call unclear, the judge's positive label against
  // all others.
  Confusion counts;
  // Neither right nor wrong: the judge calls them unclear; people do, whatever the judge says.
  std::size_t unclear = 0, unclear_truth = 0;
  std::optional<double> kappa;  // Cohen's, with the labels; absent if undefined
  GradingCount grading;
  std::optional<Auroc> area;                         // by the verdicts' probability
  std::optional<ThresholdAtRate> at_one_in_hundred;  // false positives
  std::optional<double> cost = {};  // dollars; absent where no model with a price was asked
};

Json to_json(const LabelledResult& result);
std::string to_markdown(const std::vector<LabelledResult>& results);

}  // namespace iago
