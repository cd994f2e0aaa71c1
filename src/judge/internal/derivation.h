// From a grader's answers to a verdict, in code: one vote's answers to a label and a value, then
// the votes to the verdict's label and probability. Pure functions. Private to the room.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "judge/rubric.h"

namespace iago {

// One criterion as answered; whether a quote was needed and stood in the text, the caller knows.
struct CriterionAnswer {
  bool yes = false;  // of a yes_no criterion
  int scale = 1;     // of a scale, 1 to 5
};

struct VoteResult {
  std::string_view label;  // one of the kind's
  double value = 0;        // [0, 1] towards the positive label
  bool operator==(const VoteResult&) const = default;
};

// `answers` belong to `asked`, which Rubric::asked gave.
VoteResult derive_vote(const Rubric& rubric, std::span<const Criterion* const> asked,
                       std::span<const CriterionAnswer> answers);

// The vote that the grader could have given if it had seen the text that was cut. Its findings
// stay, and everything that it did not find may be in the part that it did not see.
VoteResult derive_vote_with_unseen(const Rubric& rubric, std::span<const Criterion* const> asked,
                                   std::span<const CriterionAnswer> answers);

struct CombinedVotes {
  std::string_view label;  // empty: the votes that are missing could have decided either way
  double probability = 0;  // the mean value; of the positive label
  bool maybe = false;      // negative, but from Rubric::maybe on
};

// Votes that yielded nothing are not left out in silence: the verdict stands only if it is the same
// however they had come out, and if more than half of all votes are there. Kinds of more than two
// labels take the most frequent label, of equally frequent ones the later in labels_of.
CombinedVotes combine_votes(const Rubric& rubric, std::span<const VoteResult> votes,
                            std::size_t missing);

}  // namespace iago
