// Misses: why trials could not take a completion of another run (reuse/reuse.h). Each missed
// request is held against the nearest one of the other runs, and what differs is told: once for
// each arm and kind of difference.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "store/store.h"
#include "study/plan.h"
#include "study/study.h"

namespace iago {

// One field of the request, or what stands beside it.
struct FieldDifference {
  std::string field;    // subject, messages, prefill, temperature, top_p, top_k, max_tokens, stop,
                        // seed, query (the run has none that reads so) or repeat
  std::string where;    // of messages: "message 2 (user), word 7"; else empty
  std::string was, is;  // there and here; one line each, of texts from the first different word on
};

// Missed trials of one arm whose nearest requests are in one run and differ in the same fields.
struct MissGroup {
  std::string arm;
  std::size_t trials = 0;
  // The first of these trials, and the request that is nearest to it.
  std::string query;  // id
  int repeat = 0;
  std::filesystem::path run;  // the other run's folder
  std::string nearest_arm, nearest_query;
  std::vector<FieldDifference> differences;  // never empty
};

struct MissReport {
  std::vector<std::filesystem::path> runs;  // held against, in their order
  std::size_t missed = 0;                   // trials that no completion there fits
  // Trials that --reuse with these runs would spare; 0 where it has been done.
  std::size_t could_be_taken = 0;
  std::vector<MissGroup> groups;  // by arm as in the plan, most trials first; none without a run
};

// Explains the missed trials (indices into plan.trials) against the runs; the study is the plan's.
// Reads prompts row by row and no transcripts; memory grows with the plan alone. Errors of Store,
// and invalid if the study that a run's store holds cannot be read.
MissReport explain_misses(const Plan& plan, const Study& study,
                          const std::vector<std::size_t>& missed, const std::vector<Store>& runs);

// The newest runs of that study name under `runs`, newest first, at most kMaxExplainedRuns; without
// `own`. Folders that hold no readable run are passed over.
inline constexpr std::size_t kMaxExplainedRuns = 20;
std::vector<Store> earlier_runs(const std::filesystem::path& runs, const std::string& study,
                                const std::filesystem::path& own);

// What a run would miss, without running it: `reuse` are the runs it would take completions of;
// without any, the earlier runs of the study's name under `runs` are held against it. `own` is the
// folder of the plan's run, which need not exist. Nothing is written. Errors as open_runs and
// explain_misses.
MissReport foresee_misses(const Plan& plan, const Study& study,
                          const std::vector<std::filesystem::path>& reuse,
                          const std::filesystem::path& runs, const std::filesystem::path& own);

Json to_json(const MissReport& report);
// For people; ends with a newline. Harmless for a terminal.
std::string to_text(const MissReport& report);

}  // namespace iago
