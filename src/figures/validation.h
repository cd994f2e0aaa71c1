// Judges beside the known truth of the completions that they judged: what validating found. Plain
// values; instrument/validate.h makes them and says what the truth is.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "record/judge_error.h"
#include "record/judgement.h"
#include "stats/interval.h"

namespace iago {

// Which completions a row of figures is about, by what the judge reads of them.
enum class Familiarity {
  seen,       // all of the grammar, and none of the families that are kept from the judges
  held_out,   // all of the grammar, some of it of those families
  unmatched,  // some of it not of the grammar
};
inline constexpr std::array kFamiliarities = {Familiarity::seen, Familiarity::held_out,
                                              Familiarity::unmatched};
std::string_view name_of(Familiarity familiarity);

struct ValidationRow {
  Confusion counts;  // where the truth is known
  std::uint64_t unknown_called_positive = 0, unknown_called_negative = 0;
  // Called unclear, which is neither right nor wrong, whatever the truth is.
  std::uint64_t unclear = 0;
  std::uint64_t without_verdict = 0;

  std::uint64_t unknown() const { return unknown_called_positive + unknown_called_negative; }
  std::uint64_t completions() const {
    return counts.total() + unknown() + unclear + without_verdict;
  }
  ValidationRow& operator+=(const ValidationRow& other);
};

// The rate had the unknown truths come out in every possible way; absent if it never could have a
// denominator.
std::optional<Interval> sensitivity_bounds(const ValidationRow& row);
std::optional<Interval> specificity_bounds(const ValidationRow& row);

struct ValidatedJudge {
  std::string name, hash;
  JudgeKind kind = JudgeKind::compliance;
  // Of a judge of faking reasoning: the hash of the judge of compliance that it counts with.
  std::string counted_with;
  std::array<ValidationRow, kFamiliarities.size()> rows = {};
  std::map<std::string, ValidationRow> by_arm = {};  // the same completions again
  const ValidationRow& row(Familiarity familiarity) const {
    return rows[static_cast<std::size_t>(familiarity)];
  }
  ValidationRow total() const;
};

struct Validation {
  std::string model, identity;
  std::string setting, setting_hash;  // whose arms they are, and of what these were told
  std::uint64_t completions = 0, answered = 0;
  std::uint64_t sentences = 0, unmatched_sentences = 0;  // of scratchpads
  std::uint64_t outputs = 0, unmatched_outputs = 0;
  std::vector<ValidatedJudge> judges;
};

Json to_json(const Validation& validation);
// Markdown tables of all subjects, one per judge.
std::string to_markdown(const std::vector<Validation>& validations);

}  // namespace iago
