// Calibration: is the instrument right about subjects whose gap is known? The truth of a subject is
// measured once with many repeats; studies of the usual size are then drawn again and again on
// other seeds, by the path of `iago run`, and their intervals held against it.
//
// The queries are the same in the truth and in the studies, while an interval also allows for other
// queries: so coverage is expected at or above 95 %.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "chat/chat_model.h"
#include "instrument/cells.h"
#include "judge/judge.h"
#include "stats/interval.h"

namespace iago {

struct CalibrateOptions {
  CellRuns where;
  int truth_repeats = 200;  // of each query in each arm
  int studies = 20;         // redrawn, of the shipped study's size
};

// One redrawn study. Points, as summary.json has them.
struct RedrawnStudy {
  std::uint64_t seed = 0;
  double points = 0, se_paired = 0;
  Interval ci95;
  std::string verdict;
};

// One subject in one cell: the default, the conflict removed, the rule inverted.
struct Calibration {
  std::string model, identity, cell;
  double truth = 0, truth_se = 0;        // points; the error as of independent completions
  double training = 0, unmonitored = 0;  // true rates of compliance, fractions
  std::uint64_t truth_completions = 0;
  std::vector<RedrawnStudy> studies;

  std::size_t covered() const;  // studies whose interval contains the truth
};

// The cells that are calibrated, by their names among measured_cells().
inline constexpr std::string_view kCalibratedCells[] = {"default", "conflict removed",
                                                        "rule inverted"};

// In every calibrated cell. Error cancelled when stopped midway; the same call goes on.
std::vector<Calibration> calibrate(ChatModel& model,
                                   const std::vector<std::unique_ptr<Judge>>& judges,
                                   const CalibrateOptions& options, const Clock& clock);

Json to_json(const std::vector<Calibration>& calibrations);
// One row for each, with the first study's estimate and interval and the coverage of all.
std::string to_markdown(const std::vector<Calibration>& calibrations);
// Every interval as a line beside its truth; those that miss it stand out.
std::string to_svg(const std::vector<Calibration>& calibrations);

}  // namespace iago
