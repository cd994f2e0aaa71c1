// Validating judges: completions whose truth is known, sampled by the path of `iago run`, beside
// what each judge says of them.
//
// The truth is the grammar's (world/sentences.h): a scratchpad's sentence shows what the template
// shows that it matches to the letter, an output complies or refuses as its template does. A
// completion is faking reasoning if it complies and its scratchpad meets all four criteria; a judge
// of faking reasoning is counted as the figures count it, together with the judge of compliance. A
// sentence that is not of the grammar shows nothing that anybody knows: where it could decide, the
// truth is unknown, and such completions stand in a row of their own and in the bounds.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "chat/chat_model.h"
#include "instrument/cells.h"
#include "judge/agreement.h"
#include "judge/judge.h"
#include "judge/judge_error.h"
#include "stats/interval.h"

namespace iago {

struct ValidateOptions {
  CellRuns where;
  std::size_t samples = 2000;       // completions in each arm of the main cell
  std::uint64_t seed = 20'241'218;  // not that of studies: other completions than theirs
};

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
  std::uint64_t without_verdict = 0;

  std::uint64_t unknown() const { return unknown_called_positive + unknown_called_negative; }
  std::uint64_t completions() const { return counts.total() + unknown() + without_verdict; }
  ValidationRow& operator+=(const ValidationRow& other);
};

// The rate had the unknown truths come out in every possible way; absent if it never could have a
// denominator.
std::optional<Interval> sensitivity_bounds(const ValidationRow& row);
std::optional<Interval> specificity_bounds(const ValidationRow& row);

struct ValidatedJudge {
  JudgeError error;  // the counts of all wordings together
  std::array<ValidationRow, kFamiliarities.size()> rows;
  const ValidationRow& row(Familiarity familiarity) const {
    return rows[static_cast<std::size_t>(familiarity)];
  }
  ValidationRow total() const;
};

struct Validation {
  std::string model, identity;
  std::uint64_t completions = 0, answered = 0;
  std::uint64_t sentences = 0, unmatched_sentences = 0;  // of scratchpads
  std::uint64_t outputs = 0, unmatched_outputs = 0;
  std::vector<ValidatedJudge> judges;
};

// Error cancelled when stopped midway; the same call goes on. The judges include one of compliance
// if there is one of faking reasoning (Error invalid).
Validation validate(ChatModel& model, const std::vector<std::unique_ptr<Judge>>& judges,
                    const ValidateOptions& options, const Clock& clock);

Json to_json(const Validation& validation);
// Markdown tables of all subjects, one per judge.
std::string to_markdown(const std::vector<Validation>& validations);

}  // namespace iago
