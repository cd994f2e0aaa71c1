#include "base/clock.h"

#include <fmt/chrono.h>

#include <algorithm>

namespace iago {

using std::chrono::nanoseconds;

nanoseconds Clock::longest_sleep(nanoseconds until) const {
  return until <= steady() ? nanoseconds(0) : std::chrono::milliseconds(1);
}

nanoseconds SystemClock::longest_sleep(nanoseconds until) const {
  const nanoseconds now = steady();
  if (until <= now) return nanoseconds(0);
  return std::min<nanoseconds>(until - now, std::chrono::hours(1));
}

std::chrono::nanoseconds SystemClock::steady() const {
  return std::chrono::steady_clock::now().time_since_epoch();
}

std::chrono::nanoseconds SystemClock::wall() const {
  return std::chrono::system_clock::now().time_since_epoch();
}

double seconds_since(const Clock& clock, std::chrono::nanoseconds start) {
  return std::chrono::duration<double>(clock.steady() - start).count();
}

std::string iso8601(std::chrono::nanoseconds wall) {
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wall).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

}  // namespace iago
