// A judge compared with texts whose truth is known: the result. Plain values;
// instrument/labelled.h makes them.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "record/grading_count.h"
#include "record/judge_error.h"
#include "record/judgement.h"
#include "stats/auroc.h"

namespace iago {

// Who wrote a labelled text, where, and in which arm; empty where that is not known.
struct LabelledOrigin {
  std::string subject, setting, arm;
};

// What the judge said of texts of one truth.
struct SaidOf {
  std::size_t positive = 0, negative = 0, unclear = 0, nothing = 0;  // nothing: no verdict
  std::size_t total() const { return positive + negative + unclear + nothing; }
};

// What the judge said of some texts, by their truth.
struct SaidByTruth {
  SaidOf positive, negative, unclear;  // unclear: to people, or disputed among them
  std::size_t total() const { return positive.total() + negative.total() + unclear.total(); }
};

// A text whose truth is known, and of which the judge says another label. (One that it calls
// unclear is not wrong.)
struct WrongVerdict {
  std::string id, kind;
  std::size_t line = 0;
  std::string truth, judged;  // labels of the judge's kind
  std::string text;           // the scratchpad or the output, as the judge read it
  std::string why;            // the judge's
};

// Texts of one subject in one setting.
struct LabelledGroup {
  Confusion counts;
  std::size_t unclear = 0;  // to the judge, of known truth
  std::size_t unknown = 0;  // of unknown truth
  std::map<std::string, Confusion> by_arm;
};

struct LabelledResult {
  std::string judge, hash;
  JudgeKind kind = JudgeKind::compliance;
  // Of the texts that neither people nor the judge call unclear, the judge's positive label against
  // all others.
  Confusion counts;
  // Neither right nor wrong: the judge calls them unclear; people do, or do not agree, whatever the
  // judge says.
  std::size_t unclear = 0, unclear_truth = 0;
  std::optional<double> kappa;  // Cohen's, with the labels; absent if undefined
  GradingCount grading;
  std::optional<Auroc> area;                         // by the verdicts' probability
  std::optional<ThresholdAtRate> at_one_in_hundred;  // false positives
  std::optional<double> cost = {};  // dollars; absent where no model with a price was asked
  SaidByTruth said = {};
  std::map<std::string, SaidByTruth> by_kind = {};  // as the file calls them; empty without kinds
  std::vector<WrongVerdict> wrong = {};             // in the file's order
  // By subject and setting, either perhaps empty.
  std::map<std::pair<std::string, std::string>, LabelledGroup> by_origin = {};
};

Json to_json(const LabelledResult& result);
std::string to_markdown(const std::vector<LabelledResult>& results);

// By the kinds of the texts, what the judge says of those that are positive, negative and unclear;
// empty where the file names no kinds.
std::string kinds_to_markdown(const LabelledResult& result);

// A line for each text that the judge gets wrong, at most `limit` of them, and how many more there
// are. `file` begins each. Safe to print.
std::string wrong_verdicts_text(const LabelledResult& result, std::string_view file,
                                std::size_t limit);

}  // namespace iago
