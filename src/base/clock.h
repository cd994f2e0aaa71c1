// Time as a parameter: code that waits or measures takes a Clock, tests pass a ManualClock.
#pragma once

#include <atomic>
#include <chrono>
#include <string>

namespace iago {

class Clock {
 public:
  virtual ~Clock() = default;
  // Never goes back; for measuring and deadlines. From an arbitrary origin.
  virtual std::chrono::nanoseconds steady() const = 0;
  // Since 1970-01-01 UTC; may be set back by the user, so never used for measuring.
  virtual std::chrono::nanoseconds wall() const = 0;
  // How long a thread that waits for steady() to reach `until` may sleep, by the machine's time,
  // before it looks at the clock again: from 0 (the time has come) to an hour. Here 1 ms at most,
  // since such a clock moves without waking the threads that wait.
  virtual std::chrono::nanoseconds longest_sleep(std::chrono::nanoseconds until) const;
};

// The machine's clocks. Thread-safe.
class SystemClock final : public Clock {
 public:
  std::chrono::nanoseconds steady() const override;
  std::chrono::nanoseconds wall() const override;
  std::chrono::nanoseconds longest_sleep(std::chrono::nanoseconds until) const override;
};

// A clock that moves only when told; who waits by it notices within about 1 ms. Thread-safe.
class ManualClock final : public Clock {
 public:
  std::chrono::nanoseconds steady() const override { return std::chrono::nanoseconds(steady_); }
  std::chrono::nanoseconds wall() const override { return std::chrono::nanoseconds(wall_); }
  void advance(std::chrono::nanoseconds by) {
    steady_ += by.count();
    wall_ += by.count();
  }
  void set_wall(std::chrono::nanoseconds to) { wall_ = to.count(); }

 private:
  std::atomic<std::int64_t> steady_{0}, wall_{0};
};

// Seconds since `start` (a value of clock.steady()).
double seconds_since(const Clock& clock, std::chrono::nanoseconds start);

// 2026-11-21T06:00:00Z for a wall-clock time.
std::string iso8601(std::chrono::nanoseconds wall);

}  // namespace iago
