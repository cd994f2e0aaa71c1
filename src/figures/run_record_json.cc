#include "figures/internal/run_record_json.h"

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/json.h"
#include "figures/internal/json_parts.h"

namespace iago {
namespace {

// JSON that a model sent; as text where it is none.
Json json_or_text(const std::string& text) {
  if (text.empty()) return nullptr;
  Json json = Json::parse(text, nullptr, false);
  return json.is_object() ? json : Json(text);
}

Json sent_json(const std::optional<SentRecord>& sent) {
  if (!sent) return nullptr;
  return {{"base_url", sent->base_url},         {"extra_body", json_or_text(sent->extra_body)},
          {"header_names", sent->header_names}, {"sampling", json_or_text(sent->sampling)},
          {"left_out", sent->left_out},         {"notes", sent->notes}};
}

}  // namespace

Json open_trials_json(const RunRecord& record) {
  Json json = Json::array();
  for (const OpenTrials& open : record.open) {
    json.push_back({{"wording", open.wording},
                    {"arm", open.arm},
                    {"cause", name_of(open.cause)},
                    {"trials", open.trials},
                    {"status", open.status == 0 ? Json(nullptr) : Json(open.status)},
                    {"message", open.message},
                    {"last_asked", iso8601(open.created)}});
  }
  return json;
}

Json models_json(const RunRecord& record) {
  Json json = Json::array();
  for (const AnsweringModel& model : record.models) {
    Json arms = Json::object();
    for (const auto& [arm, n] : model.arms) arms[arm] = n;
    json.push_back({{"version", or_null(model.version)},
                    {"fingerprint", or_null(model.fingerprint)},
                    {"completions", model.completions},
                    {"arms", std::move(arms)}});
  }
  return json;
}

Json repeats_json(const RunRecord& record) {
  const auto counts = [](const ArmRepeats& arm) {
    return Json{{"compared", arm.repeats},
                {"identical", arm.identical},
                {"identical_share", arm.repeats == 0 ? Json(nullptr) : Json(arm.share())}};
  };
  Json json = counts(record.all_repeats());
  json["arms"] = Json::object();
  for (const ArmRepeats& arm : record.repeats) json["arms"][arm.arm] = counts(arm);
  json["greedy"] = is_greedy(record.sampling);
  return json;
}

Json sessions_json(const RunRecord& record) {
  Json json = Json::array();
  for (const SessionRow& session : record.sessions) {
    json.push_back({{"program", session.program},
                    {"started", iso8601(session.started)},
                    {"ended", session.ended},
                    {"shown", !session.shown.empty()},
                    {"wall_s", session.wall_s},
                    {"sampling_s", session.sampling_s},
                    {"generated_tokens", session.generated_tokens},
                    {"sent", sent_json(session.sent)}});
  }
  return json;
}

}  // namespace iago
