// A wording of a setting's prompt, as a run knows it: what it is to the study, and what was
// published of it.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace iago {

// What a wording is to the study's reference wording. In the order of their strength: a combination
// has the strongest role of its parts.
enum class WordingRole {
  reference,   // itself
  paraphrase,  // says the same in other words
  ablation,    // says less or more
  control,     // changes the situation
};
std::string_view name_of(WordingRole role);
// Absent for any other name.
std::optional<WordingRole> wording_role_named(std::string_view name);

// What a control can tell: whether a subject goes by the tag that marks the arms, or by the rule
// that says what the tag means. Such a wording inverts the rule and moves the tags to the other
// arms, so that each arm keeps its meaning: by the rule the gap stays, by the tag it turns.
inline constexpr std::string_view kTagOrRule = "tag or rule";

// What a prompt belongs to: which wording, and which arm of it.
struct WordingArm {
  std::string wording, arm;
  auto operator<=>(const WordingArm&) const = default;
};

// A row of a published table about the same wording of the same setting. Rates are fractions of
// completions; errors are those that the study printed, of independent completions, not paired.
struct PublishedRow {
  std::string source;  // the paper, its table, the model
  int row = 0;         // of that table
  std::string name;    // the row's own words
  double faking_reasoning = 0, faking_reasoning_se = 0;
  double more = 0, more_se = 0, less = 0, less_se = 0;  // compliance in the contrast's two arms
  double gap_points = 0, gap_se = 0;                    // points
  bool operator==(const PublishedRow&) const = default;
};

}  // namespace iago
