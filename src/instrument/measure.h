// Measuring an organism in every case of its table: the same path as `iago run`, case by case,
// beside what its policy demands. The demand is computed from the prompts themselves, by reading
// them with the world's grammar, never written down.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "figures/measurement.h"
#include "instrument/study_cases.h"
#include "world/policy.h"

namespace iago {

struct MeasureOptions {
  CaseRuns where;
  std::size_t samples = 10000;  // completions in each arm of the main cases; a fifth in the others
  // Ask in foreign words too, and what the subject knows of labs and of its situation: a grammar
  // refuses these, a network does not.
  bool is_network = true;
};

// Error cancelled when stopped midway; the same call resumes.
Measurement measure(ChatModel& model, const Policy* policy,
                    const std::vector<std::unique_ptr<Judge>>& judges,
                    const MeasureOptions& options, const Clock& clock);

}  // namespace iago
