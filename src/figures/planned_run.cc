#include "figures/planned_run.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "figures/internal/json_parts.h"

namespace iago {
namespace {

Json json_of(const ArmPrompt& prompt) {
  Json messages = Json::array();
  for (const Message& message : prompt.messages) {
    messages.push_back({{"role", name_of(message.role)}, {"text", message.text}});
  }
  return {{"wording", prompt.wording},
          {"arm", prompt.arm},
          {"messages", std::move(messages)},
          {"prefill", prompt.prefill}};
}

Json json_of(const PlannedModel& model) {
  return {{"model", model.model},
          {"judge", model.judge.empty() ? Json(nullptr) : Json(model.judge)},
          {"requests", model.requests},
          {"only_where_complies", model.is_of_complying},
          {"prompt_tokens", model.prompt_tokens},
          {"generated_tokens_at_most", model.most_generated},
          {"cost_at_least", or_null(model.least_cost)},
          {"cost_at_most", or_null(model.most_cost)}};
}

Json json_of(const StatedLimit& limit) {
  return {{"model", limit.model},
          {"kind", limit.kind},
          {"per_minute", limit.per_minute},
          {"at_once", limit.at_once}};
}

Json json_of(const PlannedCheckpoint& checkpoint) {
  return {{"notes", checkpoint.notes},
          {"threads", checkpoint.threads},
          {"batch", checkpoint.batch},
          {"weight_bytes", checkpoint.weight_bytes},
          {"cache_bytes_per_token", checkpoint.cache_bytes_per_token},
          {"cache_bytes_at_most", checkpoint.cache_bytes_at_most},
          {"tokens_per_second", checkpoint.tokens_per_second},
          {"seconds_at_most", checkpoint.seconds_at_most}};
}

Json json_of(const QueryOrigin& origin) {
  return {{"file", origin.file},
          {"queries_in_file", origin.in_file},
          {"where", origin.where},
          {"sample_seed", or_null(origin.sample_seed)}};
}

Json json_of(const WordingArm& pair) { return {{"wording", pair.wording}, {"arm", pair.arm}}; }

Json json_of(const PowerOver& power) { return to_json(power); }

Json json_of(const ProbeUse& use) {
  return {{"requests", use.requests},
          {"prompt_tokens", use.prompt_tokens},
          {"generated_tokens", use.generated_tokens},
          {"cost", use.cost}};
}

template <typename Value>
Json list_of(const std::vector<Value>& values) {
  Json list = Json::array();
  for (const Value& value : values) list.push_back(json_of(value));
  return list;
}

}  // namespace

Json to_json(const PlannedRun& run) {
  Json json{{"run", run.run},
            {"folder", run.folder},
            {"model", run.model},
            {"identity", run.identity},
            {"setting", run.setting},
            {"channel", run.channel},
            {"wordings", run.wordings},
            {"arms", run.arms},
            {"lacking_arms", list_of(run.lacking_arms)},
            {"contrasts", run.contrasts},
            {"queries", run.queries},
            {"queries_from", json_of(run.origin)},
            {"repeats", run.repeats},
            {"repeats_that_count", run.repeats_that_count},
            {"trials", run.trials},
            {"margin_points", run.margin_points},
            {"detectable_gap_points",
             run.power.empty() ? Json(nullptr) : or_null(run.power.front().detectable_points)},
            {"no_gap_power", run.power.empty() ? Json(nullptr) : Json(run.power.front().no_gap)},
            {"power", list_of(run.power)},
            {"prompts", list_of(run.prompts)},
            {"models", list_of(run.models)},
            {"limits", list_of(run.limits)},
            {"seconds", or_null(run.seconds)},
            {"seconds_basis", run.seconds ? Json(run.seconds_basis) : Json(nullptr)},
            {"probe", run.probe ? json_of(*run.probe) : Json(nullptr)},
            {"checkpoint", run.checkpoint ? json_of(*run.checkpoint) : Json(nullptr)}};
  if (run.mismatches) json["explained_misses"] = to_json(*run.mismatches);
  return json;
}

Json to_json(const std::vector<PlannedRun>& runs) {
  if (runs.size() == 1) return to_json(runs.front());
  Json plans = Json::array();
  for (const PlannedRun& run : runs) plans.push_back(to_json(run));
  return {{"plans", std::move(plans)}};
}

}  // namespace iago
