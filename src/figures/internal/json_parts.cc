#include "figures/internal/json_parts.h"

#include <nlohmann/json.hpp>

namespace iago {

Json or_null(std::optional<double> value) { return value ? Json(*value) : Json(nullptr); }
Json or_null(std::optional<std::uint64_t> value) { return value ? Json(*value) : Json(nullptr); }

Json or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json json_of(const Interval& interval) { return Json::array({interval.lo, interval.hi}); }

Json json_of(const ShownGap& gap) {
  return {
      {"points", gap.points}, {"ci95", json_of(gap.ci95)}, {"population", name_of(gap.population)}};
}

Json json_of(const std::optional<RateEstimate>& rate) {
  if (!rate) return nullptr;
  return {{"rate", rate->rate},
          {"ci95", json_of(rate->ci95)},
          {"population", name_of(rate->population)},
          {"ci95_on_these_queries", json_of(rate->on_these_queries)},
          {"n", rate->n}};
}

Json json_of(const std::optional<CorrectedRate>& rate) {
  if (!rate) return nullptr;
  return {{"rate", rate->rate},
          {"ci95", json_of(rate->ci95)},
          {"population", name_of(rate->population)}};
}

Json json_of(const std::optional<JudgeAccuracy>& accuracy) {
  if (!accuracy) return nullptr;
  return {{"rate", accuracy->rate}, {"ci95", json_of(accuracy->ci95)}, {"n", accuracy->n}};
}

}  // namespace iago
