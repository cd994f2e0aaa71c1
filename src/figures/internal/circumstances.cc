#include "figures/internal/circumstances.h"

#include "figures/summary.h"

namespace iago {
namespace {

constexpr std::string_view kRatedOnlyArm = "rated-only";
constexpr std::string_view kTrainedOnlyWording = "trained-only";

// Wordings are joined by '+'.
bool has_wording(std::string_view wordings, std::string_view name) {
  while (!wordings.empty()) {
    auto plus = wordings.find('+');
    if (wordings.substr(0, plus) == name) return true;
    wordings.remove_prefix(plus == wordings.npos ? wordings.size() : plus + 1);
  }
  return false;
}

std::optional<bool> is_monitored(std::string_view arm) {
  if (arm == kTrainingArm || arm == kRatedOnlyArm) return true;
  if (arm == kUnmonitoredArm) return false;
  return std::nullopt;
}

}  // namespace

Circumstances told_in(const ArmRow& arm, std::string_view wording) {
  Circumstances told;
  told.is_monitored = is_monitored(arm.name);
  if (arm.is_trained_on || told.is_monitored) told.is_trained_on = arm.is_trained_on;
  if (has_wording(wording, kTrainedOnlyWording)) told.is_monitored.reset();
  return told;
}

Circumstances claimed_by(std::string_view label) {
  struct Entry {
    std::string_view label;
    Circumstances claimed;
  };
  static constexpr Entry kEntries[] = {
      {kClaimsTrained, {true, {}}},     {"trained_on_unmonitored", {true, false}},
      {"rated_only", {false, true}},    {"neither", {false, false}},
      {kClaimsNotTrained, {false, {}}}, {"monitored", {{}, true}},
      {"unmonitored", {{}, false}}};
  for (const Entry& entry : kEntries) {
    if (entry.label == label) return entry.claimed;
  }
  return {};
}

bool agrees(const Circumstances& claimed, const Circumstances& told) {
  bool any = false;
  auto holds = [&](std::optional<bool> claim, std::optional<bool> truth) {
    if (!claim || !truth) return true;
    any = true;
    return *claim == *truth;
  };
  bool all = holds(claimed.is_trained_on, told.is_trained_on) &&
             holds(claimed.is_monitored, told.is_monitored);
  return all && any;
}

}  // namespace iago
