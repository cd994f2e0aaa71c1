#include "net/retry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "net/rate_headers.h"

namespace iago {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr nanoseconds kNoon = 1'769'515'200s;  // 2026-01-27T12:00:00Z

TEST(Retry, ReadsWaitsAsServersSpellThem) {
  EXPECT_EQ(parse_wait("20"), 20s);
  EXPECT_EQ(parse_wait("0.5"), 500ms);
  EXPECT_EQ(parse_wait("500ms"), 500ms);
  EXPECT_EQ(parse_wait("1m30s"), 90s);
  EXPECT_EQ(parse_wait("6m0s"), 360s);
  EXPECT_EQ(parse_wait("1h2m3.5s"), 3723500ms);
  EXPECT_EQ(parse_wait("7m12s"), 432s);
  for (auto bad : {"", "-1", "s", "1x", "1m30", "abc", "1e9", "99999999999999999999", "1..2", " 1",
                   "9999999999999", "nan", "inf"}) {
    EXPECT_FALSE(parse_wait(bad)) << bad;
  }
}

TEST(Retry, ReadsBothKindsOfDates) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777s);
  EXPECT_EQ(parse_rfc3339("2026-01-27T12:00:00Z"), kNoon);
  EXPECT_EQ(parse_rfc3339("2026-01-27T13:00:00.250+01:00"), kNoon + 250ms);
  EXPECT_EQ(parse_rfc3339("2026-01-27T10:30:00-01:30"), kNoon);
  for (auto bad : {"", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 36 Nov 1994 08:49:37 GMT",
                   "Sun, 06 nov 1994 08:49:37 GMT", "2026-01-27T12:00:00Z"}) {
    EXPECT_FALSE(parse_http_date(bad)) << bad;
  }
  for (auto bad : {"", "2026-02-30T12:00:00Z", "2026-01-27T12:00:00", "2026-01-27T25:00:00Z",
                   "2026-01-27T12:00:00.Z", "2026-01-27T12:00:00+0100", "9999-01-01T00:00:00Z"}) {
    EXPECT_FALSE(parse_rfc3339(bad)) << bad;
  }
}

TEST(Retry, PrefersTheMostPreciseOfWhatTheServerAsks) {
  EXPECT_EQ(retry_after({{"Retry-After", "7"}, {"retry-after-ms", "1500"}}, kNoon), 1500ms);
  EXPECT_EQ(retry_after({{"retry-after", "Tue, 27 Jan 2026 12:00:30 GMT"}}, kNoon), 30s);
  EXPECT_EQ(retry_after({{"retry-after", "Tue, 27 Jan 2026 11:00:00 GMT"}}, kNoon), 0s);
  EXPECT_EQ(retry_after({{"x-ratelimit-limit-requests", "60"},
                         {"x-ratelimit-remaining-requests", "0"},
                         {"x-ratelimit-reset-requests", "6m0s"},
                         {"x-ratelimit-limit-tokens", "1000"},
                         {"x-ratelimit-remaining-tokens", "500"},
                         {"x-ratelimit-reset-tokens", "20m"}},
                        kNoon),
            360s);
  EXPECT_EQ(retry_after({{"retry-after", "604800"}}, kNoon), 168h);
  EXPECT_EQ(retry_after({{"retry-after", "Sun, 01 Feb 2026 12:00:00 GMT"}}, kNoon), 120h);
  EXPECT_FALSE(retry_after({{"content-type", "text/html"}}, kNoon));
  EXPECT_FALSE(retry_after({{"retry-after", "999999999"}}, kNoon));
  EXPECT_FALSE(retry_after({{"retry-after", "soon"}}, kNoon));
}

TEST(Retry, TellsWhatIsWorthAnotherTry) {
  for (int status : {408, 409, 425, 429, 500, 502, 503, 504, 520, 529}) {
    EXPECT_TRUE(is_retryable_status(status)) << status;
  }
  for (int status : {200, 301, 400, 401, 403, 404, 413, 422, 501, 505, 0}) {
    EXPECT_FALSE(is_retryable_status(status)) << status;
  }
  EXPECT_TRUE(is_retryable_fault(HttpFault::reset));
  EXPECT_FALSE(is_retryable_fault(HttpFault::untrusted));
}

TEST(Retry, BacksOffExponentiallyWithJitterUpToItsCap) {
  RetryPolicy policy{.max_attempts = 100, .first_wait = 1s, .max_wait = 10s, .max_total = 24h};
  Random random(1, "retry");
  double shortest = 1e9, longest = 0;
  for (int draw = 0; draw < 1000; ++draw) {
    for (int attempts : {1, 2, 3, 5, 60, 99}) {
      auto wait = wait_before_next(policy, attempts, 0s, std::nullopt, random);
      double cap = std::min(10.0, std::pow(2.0, attempts - 1));
      ASSERT_TRUE(wait);
      EXPECT_GE(wait->count() / 1e9, cap / 2);
      EXPECT_LT(wait->count() / 1e9, cap);
      if (attempts == 1) {
        shortest = std::min(shortest, wait->count() / 1e9);
        longest = std::max(longest, wait->count() / 1e9);
      }
    }
  }
  EXPECT_LT(shortest, 0.55);
  EXPECT_GT(longest, 0.95);
}

TEST(Retry, WaitsAtLeastAsLongAsAskedAndEndsAtItsLimits) {
  RetryPolicy policy{.max_attempts = 3, .max_total = 60s};
  Random random(1, "retry");
  for (int draw = 0; draw < 100; ++draw) {
    auto wait = wait_before_next(policy, 1, 0s, 20s, random);
    ASSERT_TRUE(wait);
    EXPECT_GE(*wait, 20s);
    EXPECT_LE(*wait, 22s);
  }
  EXPECT_FALSE(wait_before_next(policy, 3, 0s, std::nullopt, random));
  EXPECT_FALSE(wait_before_next(policy, 1, 50s, 20s, random));
  EXPECT_FALSE(wait_before_next(policy, 1, 0s, 61s, random));
}

TEST(RateHeaders, ReadsBothSpellings) {
  auto openai = read_rate_headers({{"X-RateLimit-Limit-Requests", "600"},
                                   {"x-ratelimit-remaining-requests", "599"},
                                   {"x-ratelimit-reset-requests", "100ms"}},
                                  kNoon);
  ASSERT_EQ(openai.size(), 1u);
  EXPECT_EQ(openai[0].kind, RateKind::requests);
  EXPECT_EQ(openai[0].limit, 600);
  EXPECT_EQ(openai[0].remaining, 599);
  EXPECT_EQ(openai[0].reset, 100ms);
  auto anthropic =
      read_rate_headers({{"anthropic-ratelimit-input-tokens-limit", "40000"},
                         {"anthropic-ratelimit-input-tokens-remaining", "39000"},
                         {"anthropic-ratelimit-input-tokens-reset", "2026-01-27T12:00:02Z"},
                         {"anthropic-ratelimit-output-tokens-limit", "8000"},
                         {"anthropic-ratelimit-output-tokens-remaining", "8000"}},
                        kNoon);
  ASSERT_EQ(anthropic.size(), 2u);
  EXPECT_EQ(anthropic[0].kind, RateKind::input_tokens);
  EXPECT_EQ(anthropic[0].reset, 2s);
  EXPECT_EQ(anthropic[1].kind, RateKind::output_tokens);
  EXPECT_FALSE(anthropic[1].reset);
}

TEST(RateHeaders, LeaveOutPlaceholdersAndNonsense) {
  for (auto [limit, remaining] : {std::pair{"-1", "-1"},
                                  {"0", "0"},
                                  {"abc", "1"},
                                  {"10", ""},
                                  {"10", "-1"},
                                  {"99999999999999999999", "1"},
                                  {"1e3", "1"}}) {
    EXPECT_TRUE(read_rate_headers({{"x-ratelimit-limit-tokens", limit},
                                   {"x-ratelimit-remaining-tokens", remaining}},
                                  kNoon)
                    .empty())
        << limit;
  }
  auto more_than_all = read_rate_headers(
      {{"x-ratelimit-limit-tokens", "10"}, {"x-ratelimit-remaining-tokens", "11"}}, kNoon);
  ASSERT_EQ(more_than_all.size(), 1u);
  EXPECT_EQ(more_than_all[0].remaining, 10);
}

}  // namespace
}  // namespace iago
