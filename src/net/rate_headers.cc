#include "net/rate_headers.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include "net/retry.h"

namespace iago {
namespace {

using std::chrono::nanoseconds;

constexpr double kMaxAmount = 1e15;
constexpr nanoseconds kLongestReset = std::chrono::hours(24);

std::optional<double> amount(std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  if (value < 0 || static_cast<double>(value) > kMaxAmount) return std::nullopt;
  return static_cast<double>(value);
}

std::optional<nanoseconds> reset_of(std::optional<std::string_view> text, nanoseconds wall_now) {
  if (!text) return std::nullopt;
  auto wait = parse_wait(*text);
  if (!wait) {
    auto moment = parse_rfc3339(*text);
    if (moment) wait = std::max(*moment - wall_now, nanoseconds(0));
  }
  if (!wait || *wait > kLongestReset) return std::nullopt;
  return wait;
}

std::optional<RateReport> read_report(const HttpHeaders& headers, RateKind kind,
                                      nanoseconds wall_now) {
  const std::string name = name_of(kind, '-');
  auto find = [&](std::string_view part) {
    auto value = find_header(headers, fmt::format("x-ratelimit-{}-{}", part, name));
    if (value) return value;
    return find_header(headers, fmt::format("anthropic-ratelimit-{}-{}", name, part));
  };
  auto limit = amount(find("limit")), remaining = amount(find("remaining"));
  if (!limit || !remaining || *limit == 0) return std::nullopt;
  return RateReport{kind, *limit, std::min(*remaining, *limit), reset_of(find("reset"), wall_now)};
}

}  // namespace

std::string name_of(RateKind kind, char between) {
  switch (kind) {
    case RateKind::requests:
      return "requests";
    case RateKind::tokens:
      return "tokens";
    case RateKind::input_tokens:
      return fmt::format("input{}tokens", between);
    case RateKind::output_tokens:
      return fmt::format("output{}tokens", between);
  }
  return "requests";
}

std::vector<RateReport> read_rate_headers(const HttpHeaders& headers, nanoseconds wall_now) {
  std::vector<RateReport> reports;
  for (RateKind kind : kRateKinds) {
    if (auto report = read_report(headers, kind, wall_now)) reports.push_back(*report);
  }
  return reports;
}

}  // namespace iago
