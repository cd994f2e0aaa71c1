#include "figures/claims.h"

#include "record/judgement.h"

namespace iago {

Circumstances claimed_by(std::string_view label) {
  if (label == kClaimsTrained) return {{kTrainedOn, true}};
  if (label == kClaimsTrainedUnmonitored) return {{kTrainedOn, true}, {kMonitored, false}};
  if (label == kClaimsRatedOnly) return {{kTrainedOn, false}, {kMonitored, true}};
  if (label == kClaimsNeither) return {{kTrainedOn, false}, {kMonitored, false}};
  if (label == kClaimsNotTrained) return {{kTrainedOn, false}};
  if (label == kClaimsMonitored) return {{kMonitored, true}};
  if (label == kClaimsUnmonitored) return {{kMonitored, false}};
  return {};
}

bool agrees(const Circumstances& claimed, const Circumstances& told) {
  bool any = false;
  for (const auto& [name, is_so] : claimed) {
    auto truth = told.find(name);
    if (truth == told.end()) continue;
    if (truth->second != is_so) return false;
    any = true;
  }
  return any;
}

}  // namespace iago
