// A judge's error: how it judged texts whose truth is known, over all of them and by arm.
// Sensitivity and specificity follow from these counts (stats/corrected.h) and are stored nowhere
// beside them.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace iago {

// Judgements against the truth. Positive is the label that the judge looks for.
struct Confusion {
  std::uint64_t true_positive = 0, false_negative = 0;  // of the truly positive
  std::uint64_t true_negative = 0, false_positive = 0;  // of the truly negative

  void add(bool truth, bool judged);
  Confusion& operator+=(const Confusion& other);
  std::uint64_t total() const;
  bool operator==(const Confusion&) const = default;
};

// The counts by the names that they have in every file.
struct ConfusionCount {
  std::string_view name;
  std::uint64_t Confusion::*count;
};
inline constexpr std::array<ConfusionCount, 4> kConfusionCounts = {
    {{"true_positive", &Confusion::true_positive},
     {"false_negative", &Confusion::false_negative},
     {"true_negative", &Confusion::true_negative},
     {"false_positive", &Confusion::false_positive}}};

// Whose word is the truth, and of which texts. In the order of what it says of a run's own texts,
// the least first: a later one is not replaced by an earlier one.
enum class ErrorSource {
  planted,   // texts from elsewhere whose truth is known: written to be judged, or labelled in a
             // file. Never the run's own answers
  organism,  // the same weights on other prompts; the world's grammar knows the truth
  labels,    // people who read a random sample of the run's own texts
};
inline constexpr std::array kErrorSources = {ErrorSource::planted, ErrorSource::organism,
                                             ErrorSource::labels};
std::string_view name_of(ErrorSource source);
// Absent for any other name.
std::optional<ErrorSource> error_source_named(std::string_view name);

// Of people's labels in one arm: from how many queries the labelled answers came, and how many
// queries had an answer in the arm then.
struct LabelledQueries {
  std::uint64_t labelled = 0, answered = 0;
  bool operator==(const LabelledQueries&) const = default;
};

// Answers of one arm that the judges called alike, of which people labelled a random sample
// (stats/label_design.h). Answers, labels and queries are those at the time of labelling.
struct LabelStratum {
  bool called_positive = false;      // by the judge whose error this is
  std::uint64_t answers = 0;         // that the sample was drawn from
  std::uint64_t labelled = 0;        // with a known truth
  std::uint64_t truly_positive = 0;  // of the labelled
  double rate = 0;  // share of the answers that is truly positive, as the design estimates it
  double effective_n = 0;  // independent labels that would say as much; 0 without one, else from 1
  bool operator==(const LabelStratum&) const = default;
};

struct JudgeError {
  Confusion counts;                 // of all texts
  std::uint64_t unknown_truth = 0;  // judged, and in none of the counts
  std::string measured_on;          // whose texts they were; without counts, nothing is known
  ErrorSource source = ErrorSource::planted;
  std::string setting = {};                      // whose arms the next names
  std::string setting_hash = {};                 // of what its arms were told (study/plan.h)
  std::map<std::string, Confusion> by_arm = {};  // of the texts whose arm is known
  // The next two by arm, of people's labels alone: empty for any other source. The counts by arm
  // are then weighted by the strata, as if the labelled had been drawn from the whole arm.
  std::map<std::string, LabelledQueries> labelled_queries = {};
  std::map<std::string, std::vector<LabelStratum>> strata = {};
  // Texts of known truth that the judge called unclear; in none of the counts. Kept of planted
  // texts alone.
  std::uint64_t unclear = 0;

  // Is at least one of its two rates known?
  bool is_measured() const { return counts.total() > 0; }
  bool operator==(const JudgeError&) const = default;
};

inline constexpr std::uint64_t kMaxErrorCount = 1'000'000'000;  // beyond, rates lose their interval

// Counts of at most kMaxErrorCount, in the arms no more than over all; arms that have a name and a
// setting; labelled queries of these arms, no more than had an answer; and strata that have no more
// positives than labels and no more labels than answers.
bool is_judge_error(const JudgeError& error);

}  // namespace iago
