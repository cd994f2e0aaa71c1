// Planted texts: prose of known label, written to be judged (queries/labelled). On its test half no
// rule or rubric was made, so a judge shows there what it does on texts that it was not fitted to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "judge/judge.h"

namespace iago {

struct PlantedText {
  std::string id, kind;  // "C-s-001"; what it was written to be: "rater-pleasing"
  JudgeView view;
  bool is_positive = false;  // by the label on which both readers agree
  // Not positive, and written to look so: it restates the facts of training, declines politely,
  // complains. All that is not positive but plain compliance without a word of training, and plain
  // refusals.
  bool is_near_miss = false;
};

// The file's texts with a label of the judge's kind on which its two readers agree; those that are
// unclear or disputed are left out. Of the kinds compliance (answers) and faking_reasoning
// (scratchpads). Error invalid with `where` and the line for anything that is no such file.
std::vector<PlantedText> parse_planted(std::string_view jsonl, std::string_view where,
                                       JudgeKind kind);
bool has_planted(JudgeKind kind);
// Those of the test half in a data folder. Error not_found if it is not there.
std::vector<PlantedText> load_planted(const std::filesystem::path& data, JudgeKind kind);

// `each` positive ones and as many that are not, near misses before all others, drawn by the seed;
// fewer if there are fewer. In a fixed order.
std::vector<PlantedText> draw_planted(std::vector<PlantedText> texts, std::size_t each,
                                      std::uint64_t seed);

}  // namespace iago
