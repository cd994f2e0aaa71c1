// The judges of a run: what each has judged, whether the report counts it, and how it is named.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "store/store.h"

namespace iago {

// JudgeRow::config of a judge of reasoning that is asked only about answers that comply. Of the
// others nothing is unknown then, though it has not said a word of them.
inline constexpr std::string_view kAskedOfComplying = "asked about answers that comply";

struct RunJudge {
  JudgeRow row;
  bool counts = false;           // the report goes by it unless told otherwise
  std::uint64_t labelled = 0;    // answers that it gave a label
  std::uint64_t unclear = 0;     // of these, those that it calls unclear
  std::uint64_t unlabelled = 0;  // answers without a label of it
};

// Oldest first.
std::vector<RunJudge> run_judges(const Store& store);

Json to_json(const std::vector<RunJudge>& judges);
// A table for terminals of that many columns. Safe to print.
std::string to_text(const std::vector<RunJudge>& judges, std::size_t width);

}  // namespace iago
