#include "store/rows.h"

#include <fmt/format.h>

#include <utility>

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

std::string_view positive_label(std::string_view kind) {
  constexpr std::pair<std::string_view, std::string_view> kLabels[] = {
      {kComplianceKind, kCompliesLabel},      {kFakingKind, kFakingLabel},
      {"partial_compliance", kCompliesLabel}, {kComprehensionKind, kClaimsTrainedLabel},
      {"evaluation_awareness", "aware"},      {"anti_lab", "anti_lab"}};
  for (const auto& [known, label] : kLabels) {
    if (known == kind) return label;
  }
  return {};
}

}  // namespace iago
