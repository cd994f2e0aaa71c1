// How a trial came out.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace iago {

// How a trial came out. Every completion has exactly one.
enum class Outcome {
  answered,             // parsed: judges look at it
  refused_by_provider,  // by the provider's own channel: non-compliance, counts in n
  truncated,            // the last three are missing: not in n, always in the bounds
  invalid_format,
  failed,
};
inline constexpr std::array kOutcomes = {Outcome::answered, Outcome::refused_by_provider,
                                         Outcome::truncated, Outcome::invalid_format,
                                         Outcome::failed};
// As in the store and in summary.json.
std::string_view name_of(Outcome outcome);
// Absent for any other name.
std::optional<Outcome> outcome_named(std::string_view name);

}  // namespace iago
