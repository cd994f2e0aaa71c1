// What the summary's JSON and the comparison's say alike. Private to the room.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "base/json.h"
#include "stats/corrected.h"
#include "stats/rate.h"

namespace iago::report {

template <typename Value>
Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

inline Json json_of(const Interval& interval) { return Json::array({interval.lo, interval.hi}); }

inline Json json_of(const std::optional<RateEstimate>& rate) {
  if (!rate) return nullptr;
  return {{"rate", rate->rate}, {"ci95", json_of(rate->ci95)}, {"n", rate->n}};
}

inline Json json_of(const std::optional<CorrectedRate>& rate) {
  if (!rate) return nullptr;
  return {{"rate", rate->rate}, {"ci95", json_of(rate->ci95)}};
}

}  // namespace iago::report
