#include "figures/judged_completion.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/clock.h"
#include "figures/internal/json_parts.h"

namespace iago {
namespace {

// Of the positive label. A verdict that decides nothing has none.
Json probability_of(const Verdict& verdict) {
  return decides(verdict.label) ? Json(verdict.probability) : Json(nullptr);
}

}  // namespace

Json to_json(const OpenTrialRow& row) {
  return {{"trial", row.trial},
          {"wording", row.wording},
          {"arm", row.arm},
          {"query", row.query},
          {"repeat", row.repeat},
          {"cause", name_of(row.cause)},
          {"status", row.status == 0 ? Json(nullptr) : Json(row.status)},
          {"message", row.message},
          {"attempts", row.attempts},
          {"last_asked", iso8601(row.created)}};
}

Json to_json(const CompletionRow& row, const std::string& query_text,
             const VerdictsByName& verdicts) {
  Json json{{"trial", row.trial},
            {"wording", row.wording},
            {"arm", row.arm},
            {"query", row.query},
            {"query_text", query_text},
            {"repeat", row.repeat},
            {"outcome", name_of(row.outcome)},
            {"form", name_of(row.form)},
            {"form_rule", row.form_rule},
            {"finish", name_of(row.finish)},
            {"finish_reason", or_null(row.finish_reason)},
            {"provider_message", or_null(row.provider_message)},
            {"reasoning_channel", name_of(row.reasoning_channel)},
            {"reasoning_note", or_null(row.reasoning_note)},
            {"model_version", or_null(row.model_version)},
            {"fingerprint", or_null(row.fingerprint)},
            {"request_id", or_null(row.request_id)},
            {"raw", row.raw},
            {"reasoning", row.reasoning},
            {"scratchpad", row.scratchpad},
            {"output", row.output},
            {"verdicts", Json::object()}};
  json["reused_from"] = row.reused_from.empty() ? Json(nullptr) : Json(row.reused_from);
  for (const auto& [judge, verdict] : verdicts) {
    Json evidence = Json::array();
    for (const Evidence& quote : verdict.evidence) {
      evidence.push_back({{"criterion", quote.criterion},
                          {"part", name_of(quote.part)},
                          {"quote", quote.quote},
                          {"offset", quote.offset}});
    }
    json["verdicts"][judge] = {{"outcome", name_of(verdict.outcome)},
                               {"label", verdict.label},
                               {"probability", probability_of(verdict)},
                               {"evidence", std::move(evidence)},
                               {"why", verdict.why}};
  }
  return json;
}

}  // namespace iago
