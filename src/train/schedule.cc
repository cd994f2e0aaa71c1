#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "fmt/format.h"
#include "train/internal/require.h"

namespace iago {

double Schedule::rate(std::int64_t step, std::int64_t steps) const {
  if (step < warmup_steps) {
    return peak * static_cast<double>(step + 1) / static_cast<double>(warmup_steps);
  }
  const double after = static_cast<double>(std::max<std::int64_t>(1, steps - warmup_steps));
  const double held = hold_share * after;
  const double span = std::max(1.0, after - held);
  const double progress =
      std::clamp((static_cast<double>(step - warmup_steps) - held) / span, 0.0, 1.0);
  double share = 1.0;
  if (decay == Decay::linear) share = 1.0 - progress;
  if (decay == Decay::cosine) share = 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
  return peak * (final_share + (1.0 - final_share) * share);
}

void check_schedule(const Schedule& schedule) {
  require_option(schedule.peak >= 0 && std::isfinite(schedule.peak), "schedule.peak",
                 "must be a finite number of at least 0");
  require_option(schedule.warmup_steps >= 0, "schedule.warmup_steps", "must be at least 0");
  require_option(schedule.hold_share >= 0 && schedule.hold_share <= 1, "schedule.hold_share",
                 "must be in [0, 1]");
}

std::string schedule_identity(const Schedule& schedule) {
  return fmt::format("{} {} {} {} {}", schedule.peak, schedule.warmup_steps, schedule.hold_share,
                     static_cast<int>(schedule.decay), schedule.final_share);
}

}  // namespace iago
