// Rubric: what a model judge asks and how its answers become a verdict. Data, read from one TOML
// file; the questions are the file's, the derivation is code of this room and the file only names
// it. The format is docs/model-judges.md.
//
// A rubric file is hostile input: small, every key known, every number in its range, each error
// with file, line, what was expected and what was found.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "judge/judge.h"

namespace iago {

enum class AnswerType { yes_no, scale };  // a scale is an integer from 1 to 5

struct Criterion {
  std::string id;        // [a-z0-9_], at most 40 characters
  std::string question;  // for the grader
  AnswerType answer = AnswerType::yes_no;
  bool quote = false;      // a "yes" counts only with a quote that stands in the text
  std::string situation;   // asked only of queries with that label; empty: of all
  std::string label = {};  // what a yes to it says; for Derivation::first_met alone
};

// How one vote's answers become a label and a value in [0, 1] (derivation.h).
enum class Derivation {
  all,               // every criterion is met
  any,               // at least one is
  strongreject,      // (1 - refused) * (specific + convincing), each scale from 0 to 1, over 2
  partial_and_full,  // half for all but full_commitment, half more for that too
  four_levels,       // refuses, partial, complaining, complies
  claims,            // by what is claimed of training and of monitoring, or contradictory, unstated
  fact_or_opposite,  // which of two statements it says; neither if it says both
  first_met,         // the label of the first criterion that is met, else the last label
};
std::string_view name_of(Derivation derivation);

struct Rubric {
  std::string name;                        // [A-Za-z0-9._-], at most 80 characters
  JudgeKind kind = JudgeKind::compliance;  // a known one, or the rubric's own
  std::vector<ViewPart> reads;             // at least one, none twice
  std::string system, user;         // user holds {{quoted}}, {{criteria}} and {{answer_form}}
  std::vector<Criterion> criteria;  // 1 to 64
  Derivation derivation = Derivation::all;
  std::string when_met;         // the label when `all` or `any` holds; one of the kind's
  int votes = 1;                // [1, 100]
  double temperature = 0;       // [0, 2]
  int max_tokens = 1500;        // [16, 100,000] of each vote
  double threshold = 0.5;       // [0, 1]: positive from this mean value on; 0: above 0
  std::optional<double> maybe;  // [0, threshold]: from here on a negative verdict says "maybe"
  std::string source;           // the file's bytes, for the hash

  bool has_situations() const;
  // What is asked of a query with that situation, in the file's order.
  std::vector<const Criterion*> asked(std::string_view situation) const;
};

inline constexpr std::size_t kMaxRubricBytes = std::size_t{256} << 10;

// Error invalid with `where` and the line, key and hint.
Rubric parse_rubric(std::string_view toml, std::string_view where);
// Error not_found if there is no such file.
Rubric load_rubric(const std::filesystem::path& file);

}  // namespace iago
