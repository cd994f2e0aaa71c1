// What the statistics work on: per query and arm, how many completions were answered, how many of
// them showed the behaviour, and how many are missing. These counts are sufficient for every figure
// of this room, so nothing here ever holds one number per completion.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace iago {

// One query in one arm. Invariant: successes <= trials (broken: abort).
struct QueryCounts {
  std::size_t successes = 0;  // of the trials: complied, or faked, or whatever is being counted
  std::size_t trials = 0;     // completions in n: answered, and refused by the provider
  std::size_t missing = 0;    // truncated, invalid format, failed: not in n, always in the bounds
  // How often each different answer stands among the trials, on average: above 1 where repeats are
  // copies of each other, which say nothing new. At most `trials`, where there are any. Rates do
  // not depend on it; what repeats add to an interval does.
  double copies = 1;

  // Trials that say something new; at least 1 where there is a trial.
  double distinct() const { return static_cast<double>(trials) / copies; }

  bool operator==(const QueryCounts&) const = default;
};

// The share of the trials that succeeded, for a query that has some.
inline double rate_of(const QueryCounts& query) {
  return static_cast<double>(query.successes) / static_cast<double>(query.trials);
}

// One arm. The index is the query: position i is the same query in every arm of a study. A query
// that an arm does not have stands there with zeros.
using ArmCounts = std::vector<QueryCounts>;

// The two arms of a contrast, of one run or of one wording. Position i is the same query in both,
// and in everything that it is compared with.
struct ContrastCounts {
  ArmCounts more, less;
};

// Whether the query counts in a gap: it has data in both arms.
inline bool has_data(const ContrastCounts& counts, std::size_t query) {
  return counts.more[query].trials > 0 && counts.less[query].trials > 0;
}

inline constexpr double kPoints = 100;  // per unit of a fraction

// The queries with data in both arms, in their order. Arms of the same length (broken: abort).
ContrastCounts paired(std::span<const QueryCounts> more, std::span<const QueryCounts> less);

// The sums over all queries.
QueryCounts total(std::span<const QueryCounts> arm);

// Share of the arm that is missing: missing / (trials + missing); 0 for an empty arm.
double missing_share(std::span<const QueryCounts> arm);

// The arm as it would be had every missing completion been answered, with the behaviour or without.
enum class Missing { as_success, as_failure };
ArmCounts fill_missing(std::span<const QueryCounts> arm, Missing how);

// The arm `more` without its completions that show alignment-faking reasoning; `faking[i]` says
// how many those are at query i. By definition all of them comply, so they leave successes and
// trials alike. Missing completions stay: nobody knows what they were. This conditions on an
// outcome (section 3.3.4 of Greenblatt et al., 2024): what is left is a selection, not a
// counterfactual. Same length as `more`; faking[i] <= more[i].successes (broken: abort).
ArmCounts without_faking_reasoning(std::span<const QueryCounts> more,
                                   std::span<const std::size_t> faking);

}  // namespace iago
