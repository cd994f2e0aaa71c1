#include "chat/internal/stated_wait.h"

#include <re2/re2.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "net/retry.h"

namespace iago {
namespace {

using std::chrono::nanoseconds;

constexpr double kMostSeconds = 10 * 366 * 86400.0;

// The seconds in a unit, or 0 for a word that is none.
double unit_of(std::string_view word) {
  constexpr std::array<std::pair<std::string_view, double>, 21> kUnits = {
      {{"ms", 1e-3},   {"millisecond", 1e-3}, {"milliseconds", 1e-3}, {"s", 1},     {"sec", 1},
       {"secs", 1},    {"second", 1},         {"seconds", 1},         {"m", 60},    {"min", 60},
       {"mins", 60},   {"minute", 60},        {"minutes", 60},        {"h", 3600},  {"hr", 3600},
       {"hrs", 3600},  {"hour", 3600},        {"hours", 3600},        {"d", 86400}, {"day", 86400},
       {"days", 86400}}};
  for (const auto& [name, seconds] : kUnits) {
    if (name == word) return seconds;
  }
  return 0;
}

// "7h12m0s", "2 minutes and 3 seconds", in front of `text`.
std::optional<nanoseconds> wait_at(std::string_view text) {
  static const re2::RE2 kPiece(R"((?:\s|,|and\b)*([0-9]{1,12}(?:\.[0-9]{1,9})?)\s*([a-z]+))");
  double seconds = 0, number = 0;
  bool any = false;
  std::string unit;
  re2::StringPiece rest(text.data(), text.size());
  while (re2::RE2::Consume(&rest, kPiece, &number, &unit)) {
    if (unit_of(unit) == 0) break;
    seconds += number * unit_of(unit);
    any = true;
  }
  if (!any || !(seconds < kMostSeconds)) return std::nullopt;
  return nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
}

}  // namespace

std::optional<nanoseconds> stated_wait(const VendorError& error) {
  if (auto wait = parse_wait(error.wait)) return wait;
  static const re2::RE2 kAsks(
      "(?:try again|retry|retrying|wait|resets?|available|available again)"
      "(?: (?:your request|in|after|for|at least|about|approximately|another))+ ");
  const std::string said = error.said();
  re2::StringPiece rest(said);
  while (re2::RE2::FindAndConsume(&rest, kAsks)) {
    if (auto wait = wait_at(std::string_view(rest.data(), rest.size()))) return wait;
  }
  return std::nullopt;
}

}  // namespace iago
