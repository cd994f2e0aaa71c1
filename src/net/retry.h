// When a failed request may be sent again. Pure functions: time and chance are parameters. How fast
// requests may go as a whole is another question, with another answer (net/pace.h): a Retry-After
// holds back the one request that got it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/random.h"
#include "net/http.h"

namespace iago {

struct RetryPolicy {
  int max_attempts = 8;  // the first included
  std::chrono::nanoseconds first_wait{std::chrono::milliseconds(500)};
  std::chrono::nanoseconds max_wait{std::chrono::seconds(60)};   // of one back-off
  std::chrono::nanoseconds max_total{std::chrono::minutes(30)};  // from the first attempt on
};

// 408, 409, 425, 429 and 5xx except 501 and 505.
bool is_retryable_status(int status);
// All but an invalid request, a certificate that is not trusted, a body beyond its limit, and a
// stop.
bool is_retryable_fault(HttpFault fault);

// How long to wait before attempt number `attempts` + 1, `attempts` (>= 1) having failed since
// `elapsed` ago; nothing if no further attempt may be made. With `asked` (a Retry-After) at least
// that long and up to a tenth more, so that requests that were sent away together do not come back
// together; else the back-off, uniform in [w/2, w) with w doubling from first_wait to max_wait.
std::optional<std::chrono::nanoseconds> wait_before_next(
    const RetryPolicy& policy, int attempts, std::chrono::nanoseconds elapsed,
    std::optional<std::chrono::nanoseconds> asked, Random& random);

// What the response asks for: retry-after-ms, else Retry-After (seconds or an HTTP date), else the
// longest reset among the limits of which nothing remains. `wall_now` since 1970. Never negative;
// nothing if it asks for nothing, for more than ten years, or by a reset for more than a day.
std::optional<std::chrono::nanoseconds> retry_after(const HttpHeaders& headers,
                                                    std::chrono::nanoseconds wall_now);

// The readers below return nothing for what they do not know and for more than ten years.

// "20", "0.5" (seconds), "500ms", "1m30s", "6m0s", "1h2m3.5s", "2d".
std::optional<std::chrono::nanoseconds> parse_wait(std::string_view text);
// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, section 5.6.7, the preferred form), since 1970.
std::optional<std::chrono::nanoseconds> parse_http_date(std::string_view text);
// "2026-01-27T12:00:30Z", "2026-01-27T12:00:30.5+01:00" (RFC 3339), since 1970.
std::optional<std::chrono::nanoseconds> parse_rfc3339(std::string_view text);

}  // namespace iago
