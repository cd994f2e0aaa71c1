#include "record/outcome.h"

#include <fmt/format.h>

#include "base/error.h"

namespace iago {

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::answered:
      return "answered";
    case Outcome::refused_by_provider:
      return "refused_by_provider";
    case Outcome::truncated:
      return "truncated";
    case Outcome::invalid_format:
      return "invalid_format";
    case Outcome::failed:
      return "failed";
  }
  check_failed("a known Outcome", fmt::format("value {}", static_cast<int>(outcome)));
}

std::optional<Outcome> outcome_named(std::string_view name) {
  for (Outcome outcome : kOutcomes) {
    if (name_of(outcome) == name) return outcome;
  }
  return std::nullopt;
}

}  // namespace iago
