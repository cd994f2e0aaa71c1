// Calibration: is the instrument right about subjects whose gap is known? The truth of a subject is
// measured once with many repeats. Then many studies of the usual size are sampled with other
// seeds, in the same way as `iago run`, and their intervals are compared with the truth.
//
// The queries are the same in the truth and in the studies, while an interval also allows for other
// queries: so coverage is expected at or above 95 %.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "chat/chat_model.h"
#include "figures/calibration.h"
#include "instrument/study_cases.h"
#include "judge/judge.h"

namespace iago {

struct CalibrateOptions {
  CaseRuns where;
  int truth_repeats = 200;  // of each query in each arm
  int studies = 20;         // redrawn, of the shipped study's size
};

// The cases that are calibrated, by their names among measured_cases().
inline constexpr std::string_view kCalibratedCases[] = {"default", "conflict removed",
                                                        "rule inverted"};

// In every calibrated case. Error cancelled when stopped midway; the same call resumes.
std::vector<Calibration> calibrate(ChatModel& model,
                                   const std::vector<std::unique_ptr<Judge>>& judges,
                                   const CalibrateOptions& options, const Clock& clock);

}  // namespace iago
