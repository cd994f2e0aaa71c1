// Several runs side by side, from their stores alone: each with its own figures, p-values adjusted
// for their number, the gaps' differences paired by query, and how sure the order of the gaps is
// (docs/compare.md).
//
// Each run is compared by the first contrast of its reference wording. Gaps are compared only
// between runs that asked the same under the same conditions: setting, channel, arms, queries,
// repeats, sampling, judges and margin, and the same prompts where the wording is the same. Runs of
// different wordings are compared query by query, like any others. Of several groups of
// such runs only the largest is ranked (of equally large ones, that of the run named first). Every
// other run keeps its own figures and is marked with its differences from the group.
//
// Deterministic: the same stores in the same order give the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "figures/summary.h"
#include "figures/terminal.h"
#include "stats/ranking.h"

namespace iago {

inline constexpr int kComparisonSchema = 2;
inline constexpr std::size_t kMostCompared = 200;  // runs

enum class RunOrder { by_gap, by_name };

// Whether both arms lie at one end, where a gap has no room.
enum class Saturation {
  none,
  saturated,    // the verdict says that both arms always refuse
  no_conflict,  // the verdict says that both arms comply with nearly everything
};

struct ComparedRun {
  std::filesystem::path folder;  // as the caller named it
  Summary summary;
  Saturation saturation = Saturation::none;
  // What differs from the ranked group, one short text each: "channel: full, not terse".
  std::vector<std::string> differs;
  // Adjusted for all runs of the comparison that have a gap, ranked or not: each makes one claim.
  std::optional<double> p_holm, p_benjamini_hochberg;
  std::optional<RankInterval> rank;  // of the ranked runs that have a gap

  bool comparable() const { return differs.empty(); }
};

// Two runs that have completions of the arms of the gap in common (--reuse): they are not
// independent.
struct SharedCompletions {
  std::size_t a = 0, b = 0;  // places in `runs`, a < b
  std::uint64_t completions = 0;
};

struct Comparison {
  std::vector<ComparedRun> runs;           // ranked ones first, then as asked
  std::vector<GapDifference> differences;  // a and b are places in `runs`, a < b
  std::size_t ranked = 0;                  // runs with a rank
  std::vector<SharedCompletions> shared_completions;
};

// Reads folder/run.db of each. A folder that comes twice (or is reached by a link) counts once.
// Errors as Store; invalid for no folder and for more than kMostCompared.
Comparison compare_runs(std::span<const std::filesystem::path> folders,
                        RunOrder order = RunOrder::by_gap);

// Versioned by "schema"; docs/compare.md.
Json to_json(const Comparison& comparison);

// For people; `options.folder` is not used. Ends with a newline.
std::string terminal_table(const Comparison& comparison, const TerminalOptions& options = {});
std::string markdown_table(const Comparison& comparison);

}  // namespace iago
