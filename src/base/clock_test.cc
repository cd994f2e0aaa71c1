#include "base/clock.h"

#include <gtest/gtest.h>

namespace iago {
namespace {

using namespace std::chrono_literals;

// Against `date -u -d @SECONDS`.
TEST(Iso8601, IsUtcToTheSecond) {
  EXPECT_EQ(iso8601(0s), "1970-01-01T00:00:00Z");
  EXPECT_EQ(iso8601(951782400s), "2000-02-29T00:00:00Z");
  EXPECT_EQ(iso8601(1735689599s + 999ms), "2024-12-31T23:59:59Z");
  EXPECT_EQ(iso8601(4102444800s), "2100-01-01T00:00:00Z");
}

TEST(ManualClock, MovesOnlyWhenTold) {
  ManualClock clock;
  auto start = clock.steady();
  EXPECT_EQ(seconds_since(clock, start), 0);
  clock.advance(1500ms);
  EXPECT_DOUBLE_EQ(seconds_since(clock, start), 1.5);
  clock.set_wall(100s);
  EXPECT_EQ(clock.wall(), 100s);
  EXPECT_DOUBLE_EQ(seconds_since(clock, start), 1.5);
}

TEST(Clock, SaysHowLongToSleepUntilATime) {
  ManualClock manual;
  EXPECT_EQ(manual.longest_sleep(1h), 1ms) << "it may be moved at any time";
  manual.advance(1h);
  EXPECT_EQ(manual.longest_sleep(1h), 0ns);
  SystemClock system;
  EXPECT_EQ(system.longest_sleep(system.steady()), 0ns);
  EXPECT_EQ(system.longest_sleep(std::chrono::nanoseconds::max()), 1h);
  const auto sleep = system.longest_sleep(system.steady() + 10min);
  EXPECT_GT(sleep, 0ns);
  EXPECT_LE(sleep, 10min);
}

TEST(SystemClock, NeverGoesBack) {
  SystemClock clock;
  auto last = clock.steady();
  for (int i = 0; i < 1000; ++i) {
    auto now = clock.steady();
    ASSERT_GE(now, last);
    last = now;
  }
}

}  // namespace
}  // namespace iago
