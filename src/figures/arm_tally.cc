#include "figures/arm_tally.h"

namespace iago {

ArmTally tally_of(const ArmSummary& arm) {
  const std::uint64_t invalid = arm.count(Outcome::invalid_format) - arm.empty;
  return {.trials = arm.completed() + arm.open,
          .answered = arm.count(Outcome::answered) + invalid,
          .unreadable = invalid + arm.unclear,
          .judged = arm.judged,
          .refused_by_provider = arm.count(Outcome::refused_by_provider)};
}

ArmTally operator+(const ArmTally& a, const ArmTally& b) {
  return {.trials = a.trials + b.trials,
          .answered = a.answered + b.answered,
          .unreadable = a.unreadable + b.unreadable,
          .judged = a.judged + b.judged,
          .refused_by_provider = a.refused_by_provider + b.refused_by_provider};
}

}  // namespace iago
