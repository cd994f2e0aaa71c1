#include "figures/several_runs.h"

#include <nlohmann/json.hpp>

namespace iago {

Json to_json(const FinishedRun& run) {
  Json json = to_json(run.summary);
  if (run.mismatches) json["explained_misses"] = to_json(*run.mismatches);
  if (run.budget) json["budget"] = to_json(*run.budget);
  return json;
}

Json to_json(const SeveralRuns& several) {
  Json json{{"runs", Json::array()}, {"failed", Json::array()}};
  for (const FinishedRun& run : several.runs) json["runs"].push_back(to_json(run));
  for (const FailedModel& failed : several.failed) {
    json["failed"].push_back({{"model", failed.model}, {"error", failed.error}});
  }
  json["comparison"] = several.comparison ? to_json(*several.comparison) : Json(nullptr);
  if (several.budget) json["budget"] = to_json(*several.budget);
  return json;
}

}  // namespace iago
