// Why trials could not take a completion of another run. Plain values; reuse/mismatches.h makes
// them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "record/field_difference.h"

namespace iago {

// Missed trials of one arm of one wording whose nearest requests are in one run and differ in the
// same fields.
struct MismatchGroup {
  std::string wording, arm;
  std::size_t trials = 0;
  // The first of these trials, and the request that is nearest to it.
  std::string query;  // id
  int repeat = 0;
  std::filesystem::path run;  // the other run's folder
  std::string nearest_wording, nearest_arm, nearest_query;
  // Never empty. A field is one of the request (messages, prefill), of the run (subject,
  // temperature, top_p, top_k, max_tokens, stop, seed), the query (the run has none that reads so)
  // or the repeat. `was` is there and `is` is here; one line each, of texts from the first
  // different word on.
  std::vector<FieldDifference> differences;
};

struct MismatchReport {
  std::vector<std::filesystem::path> runs;  // held against, in their order
  std::size_t missed = 0;                   // trials that no completion there fits
  // Trials that --reuse with these runs would spare; 0 where it has been done.
  std::size_t could_be_taken = 0;
  std::vector<MismatchGroup>
      groups;  // by arm as in the plan, most trials first; none without a run
};

Json to_json(const MismatchReport& report);
// For people; ends with a newline. Harmless for a terminal.
std::string to_text(const MismatchReport& report);

}  // namespace iago
