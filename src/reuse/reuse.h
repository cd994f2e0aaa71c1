// Reuse: a trial takes the completion that another run already has for the very same request,
// instead of asking the subject again. The other run may be of another study, and may still be
// running: its store is only read.
//
// The same request means the same request hash (messages, prefill, sampling and seed), the same
// subject by identity, and the same repeat. The trial with the same id comes first; then, where
// that is missing, another arm, wording or query id that sent the same. No completion is used for
// two trials of one run: a copy would count as a second observation.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "store/rows.h"
#include "store/store.h"
#include "study/plan.h"

namespace iago {

inline constexpr std::size_t kMaxReusedRuns = 100;

// The stores in those folders, for reading; `own`, this run's folder, and folders named twice are
// left out. Error invalid for more than kMaxReusedRuns; errors of Store, so that a missing or
// damaged run is an error before anything is sampled.
std::vector<Store> open_runs(const std::vector<std::filesystem::path>& folders,
                             const std::filesystem::path& own);

// Gets a trial (an index into Plan::trials) and its row; false ends the taking. It may write to
// this run's store, and must not use the stores that are read.
using TakeCompletion = std::function<bool(std::size_t trial, CompletionRow row)>;

struct ReuseResult {
  std::size_t taken = 0;
  std::vector<std::size_t> left;  // trials that stay to be sampled, in their order
};

// Looks for the completions of the trials `left` (indices into Plan::trials) in `from`, the first
// run first, and hands each over with the time it was created there and the id of the run that
// asked for it. `here` is this run's own store with the plan recorded, or null if it has none yet.
// Reads row by row: beside the plan, memory holds an index of
// the prompts that both sides share. Error corrupt when a row is damaged; rows that
// were passed on before are sound. Exceptions of `take` pass through.
ReuseResult reuse_completions(const Plan& plan, std::vector<std::size_t> left,
                              const std::vector<Store>& from, const Store* here,
                              const TakeCompletion& take);

}  // namespace iago
