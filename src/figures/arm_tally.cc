#include "figures/arm_tally.h"

namespace iago {

ArmTally tally_of(const ArmSummary& arm) {
  const std::uint64_t invalid = arm.count(Outcome::invalid_format) - arm.empty;
  return {.trials = arm.completed() + arm.open,
          .open = arm.open,
          .truncated = arm.count(Outcome::truncated),
          .empty = arm.empty,
          .refused_by_provider = arm.count(Outcome::refused_by_provider),
          .answered = arm.count(Outcome::answered) + invalid,
          .invalid = invalid,
          .judged = arm.judged,
          .unclear = arm.unclear};
}

}  // namespace iago
