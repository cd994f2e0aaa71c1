#include "net/retry.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>

#include "net/rate_headers.h"

namespace iago {
namespace {

using std::chrono::nanoseconds;

constexpr double kMaxSeconds = 10 * 366 * 86400.0;
constexpr nanoseconds kLongestAskedReset = std::chrono::hours(24);

nanoseconds asked_seconds(double count) {
  return nanoseconds(static_cast<std::int64_t>(count * 1e9));
}

// A number in front of `text`, which is shortened by it. No sign, no exponent.
std::optional<double> take_number(std::string_view& text) {
  auto end = std::min(text.find_first_not_of("0123456789."), text.size());
  if (end == 0 || end > 20) return std::nullopt;
  double value = 0;
  auto [stopped, error] =
      std::from_chars(text.data(), text.data() + end, value, std::chars_format::fixed);
  if (error != std::errc() || stopped != text.data() + end) return std::nullopt;
  text.remove_prefix(end);
  return value;
}

// The seconds in the unit in front of `text`, which is shortened by it.
std::optional<double> take_unit(std::string_view& text) {
  constexpr std::array<std::pair<std::string_view, double>, 8> kUnits = {{{"ms", 1e-3},
                                                                          {"us", 1e-6},
                                                                          {"\xc2\xb5s", 1e-6},
                                                                          {"ns", 1e-9},
                                                                          {"s", 1},
                                                                          {"m", 60},
                                                                          {"h", 3600},
                                                                          {"d", 86400}}};
  for (const auto& [name, length] : kUnits) {
    if (!text.starts_with(name)) continue;
    text.remove_prefix(name.size());
    return length;
  }
  return std::nullopt;
}

// Exactly `digits` digits at `at`, or nothing.
std::optional<int> digits_at(std::string_view text, std::size_t at, std::size_t digits) {
  if (at + digits > text.size()) return std::nullopt;
  int value = 0;
  for (char c : text.substr(at, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

struct Moment {
  std::optional<int> year, month, day, hour, minute, second;
};

std::optional<nanoseconds> since_1970(const Moment& m) {
  if (!m.year || !m.month || !m.day || !m.hour || !m.minute || !m.second) return std::nullopt;
  using namespace std::chrono;
  year_month_day date{year(*m.year), month(static_cast<unsigned>(*m.month)),
                      day(static_cast<unsigned>(*m.day))};
  if (!date.ok() || *m.year < 1970 || *m.year > 2200 || *m.hour > 23 || *m.minute > 59 ||
      *m.second > 60) {
    return std::nullopt;
  }
  return sys_days(date).time_since_epoch() + hours(*m.hour) + minutes(*m.minute) +
         std::chrono::seconds(*m.second);
}

nanoseconds not_negative(nanoseconds wait) { return std::max(wait, nanoseconds(0)); }

// Headers of limits: how long until the last of those that are used up is full again.
std::optional<nanoseconds> longest_reset(const HttpHeaders& headers, nanoseconds wall_now) {
  std::optional<nanoseconds> longest;
  for (const RateReport& report : read_rate_headers(headers, wall_now)) {
    if (report.remaining > 0 || !report.reset) continue;
    longest = std::max(longest.value_or(nanoseconds(0)), *report.reset);
  }
  return longest;
}

}  // namespace

bool is_retryable_status(int status) {
  if (status == 408 || status == 409 || status == 425 || status == 429) return true;
  return status >= 500 && status < 600 && status != 501 && status != 505;
}

bool is_retryable_fault(HttpFault fault) {
  return fault != HttpFault::invalid && fault != HttpFault::untrusted &&
         fault != HttpFault::too_large && fault != HttpFault::cancelled;
}

std::optional<nanoseconds> wait_before_next(const RetryPolicy& policy, int attempts,
                                            nanoseconds elapsed, std::optional<nanoseconds> asked,
                                            Random& random) {
  if (attempts >= policy.max_attempts) return std::nullopt;
  double wait = 0;
  if (asked) {
    wait = static_cast<double>(asked->count()) * (1 + 0.1 * random.uniform());
  } else {
    double doubled =
        static_cast<double>(policy.first_wait.count()) * std::exp2(std::clamp(attempts - 1, 0, 60));
    wait = std::min(doubled, static_cast<double>(policy.max_wait.count())) *
           (0.5 + 0.5 * random.uniform());
  }
  nanoseconds length(static_cast<std::int64_t>(wait));
  if (elapsed + length > policy.max_total) return std::nullopt;
  return length;
}

std::optional<nanoseconds> retry_after(const HttpHeaders& headers, nanoseconds wall_now) {
  if (auto text = find_header(headers, "retry-after-ms")) {
    if (auto number = take_number(*text); number && text->empty() && *number / 1e3 < kMaxSeconds) {
      return asked_seconds(*number / 1e3);
    }
  }
  if (auto text = find_header(headers, "retry-after")) {
    if (auto wait = parse_wait(*text)) return wait;
    if (auto date = parse_http_date(*text)) return not_negative(*date - wall_now);
  }
  const auto reset = longest_reset(headers, wall_now);
  if (!reset || *reset > kLongestAskedReset) return std::nullopt;
  return not_negative(*reset);
}

std::optional<nanoseconds> parse_wait(std::string_view text) {
  double total = 0;
  bool any_unit = false;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    auto number = take_number(text);
    if (!number) return std::nullopt;
    if (text.empty() && !any_unit) {
      total = *number;
      break;
    }
    auto unit = take_unit(text);
    if (!unit) return std::nullopt;
    any_unit = true;
    total += *number * *unit;
  }
  if (!(total < kMaxSeconds)) return std::nullopt;
  return asked_seconds(total);
}

std::optional<nanoseconds> parse_http_date(std::string_view text) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  // Sun, 06 Nov 1994 08:49:37 GMT
  if (text.size() != 29 || text.substr(3, 2) != ", " || !text.ends_with(" GMT")) {
    return std::nullopt;
  }
  auto month = kMonths.find(text.substr(8, 3));
  if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
  return since_1970({digits_at(text, 12, 4), static_cast<int>(month / 3) + 1, digits_at(text, 5, 2),
                     digits_at(text, 17, 2), digits_at(text, 20, 2), digits_at(text, 23, 2)});
}

std::optional<nanoseconds> parse_rfc3339(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':' ||
      (text[10] != 'T' && text[10] != 't' && text[10] != ' ')) {
    return std::nullopt;
  }
  auto moment =
      since_1970({digits_at(text, 0, 4), digits_at(text, 5, 2), digits_at(text, 8, 2),
                  digits_at(text, 11, 2), digits_at(text, 14, 2), digits_at(text, 17, 2)});
  if (!moment) return std::nullopt;
  std::string_view rest = text.substr(19);
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    std::string fraction = "0." + std::string(rest.substr(0, rest.find_first_not_of("0123456789")));
    std::string_view digits = fraction;
    rest.remove_prefix(fraction.size() - 2);
    auto value = take_number(digits);
    if (!value || fraction.size() == 2) return std::nullopt;
    *moment += asked_seconds(*value);
  }
  if (rest == "Z" || rest == "z") return moment;
  if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':') return std::nullopt;
  auto hours = digits_at(rest, 1, 2), minutes = digits_at(rest, 4, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  nanoseconds offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  return rest[0] == '+' ? *moment - offset : *moment + offset;
}

}  // namespace iago
