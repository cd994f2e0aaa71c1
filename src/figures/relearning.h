// Relearning as figures: what `iago battery --relearn` measured (stats/relearning.h), and its file
// in the battery's folder. The file holds the share of every step, and everything else is computed
// of these.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "stats/relearning.h"

namespace iago {

inline constexpr int kRelearningSchema = 1;
inline constexpr const char* kRelearningFile = "relearning.json";
// Queries that its trainings hold out: a training needs some, and nothing is read of them. At least
// one more has to be asked.
inline constexpr std::size_t kHeldOutOfRelearning = 2;

// One training, of the model or of the control.
struct RelearningCurve {
  std::vector<double> shares;  // fractions; by updates, from none
  std::string alarm;           // that ended it; empty: none did
  bool operator==(const RelearningCurve&) const = default;
};

struct RelearningSeed {
  std::uint64_t seed = 0;
  RelearningCurve model, control;
  bool operator==(const RelearningSeed&) const = default;
};

struct Relearning {
  std::string not_measured;  // why; empty if it was. The fields below it are then those known
  std::string label;         // what the training took away, and what is rewarded: "refuses"
  std::string arm;           // of the prompts
  std::string control;       // its name
  // The label's share in the battery's own runs, before and after the training: fractions.
  double share_before = 0, share_after = 0;
  std::int64_t limit = 0;         // steps at most
  std::uint64_t seeds_asked = 0;  // fewer are in `seeds` while it is unfinished
  std::vector<RelearningSeed> seeds;
  bool operator==(const Relearning&) const = default;

  // Half of what there was before.
  double target() const { return share_before / 2; }
  bool is_unfinished() const { return not_measured.empty() && seeds.size() < seeds_asked; }
  std::vector<RelearntSeed> relearnt() const;
};

Json to_json(const Relearning& relearning);
// Error corrupt, naming `where`, for anything that to_json does not write.
Relearning relearning_of(const Json& json, const std::string& where);

// Absent if the battery's folder has none: it was not asked for. Error corrupt for a damaged file.
std::optional<Relearning> read_relearning(const std::filesystem::path& battery);

void write_relearning(const Relearning& relearning, const std::filesystem::path& battery);

// "after 4 updates", "never in 58".
std::string back_text(const BackAfter& back);
// "0.25", "at most 0.1", "-".
std::string ratio_text(const std::optional<UpdatesRatio>& ratio);

// What it found, or why it was not measured: one sentence each.
std::vector<std::string> relearning_sentences(const Relearning& relearning);
// Heading, one row for each seed, and the medians. Only the heading without seeds.
std::vector<std::vector<std::string>> relearning_table(const Relearning& relearning);
// The file, with what is computed of it: `back` of every curve, medians, ratios, `easily`.
Json figures_json(const Relearning& relearning);

}  // namespace iago
