// A run's judges held against people's labels of its own answers, by arm: what labelling found.
// Plain values; instrument/run_labels.h makes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "figures/validation.h"
#include "record/judgement.h"

namespace iago {

// One arm, by one judge.
struct LabelledArm {
  ValidationRow row;  // of the labelled answers
  // What the judge says of all the arm's answers that it labelled.
  std::uint64_t judged = 0, judged_positive = 0;
  // The queries, by name, whose labelled answers are in the counts; and how many have an answer.
  std::set<std::string> labelled_queries;
  std::uint64_t answered_queries = 0;

  // The chance that labelled answers drawn at random hold as many that the judge calls positive, or
  // a count as far off (stats/random_draw.h).
  double chance_of_draw() const;
};

// Below this chance the labelled answers were chosen by what the judge says of them, or by what
// goes with it: sensitivity and specificity counted on them are not the arm's.
inline constexpr double kLeastChanceOfDraw = 0.001;

struct LabelledJudge {
  std::string name, hash;
  JudgeKind kind = JudgeKind::compliance;
  // Of the judge of faking reasoning: the hash of the contrast's judge that it counts with.
  std::string counted_with;
  std::map<std::string, LabelledArm> arms;  // of the wordings that the contrasts are made of
  ValidationRow elsewhere;                  // answers under other wordings, in no arm's counts

  ValidationRow total() const;
  // Why no count can be made of the labels; empty if some can: "all 12 labels are unknown".
  std::string why_nothing_counts() const;
};

struct LabelledRun {
  std::string run, subject, setting;
  std::size_t labelled = 0;  // answers with a label of any kind
  std::vector<LabelledJudge> judges;
};

// A sentence for each arm whose labelled answers were not drawn at random, by some judge.
std::vector<std::string> uneven_draws(const LabelledRun& run);

Json to_json(const LabelledRun& run);
// One table for each judge.
std::string to_markdown(const LabelledRun& run);

}  // namespace iago
