#include "figures/judged_completion.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "figures/internal/json_parts.h"

namespace iago {
namespace {

std::vector<unsigned> bytes_of(std::string_view text) {
  std::vector<unsigned> bytes;
  for (const char byte : text) bytes.push_back(static_cast<unsigned char>(byte));
  return bytes;
}

// The tokens with their log-probabilities, in OpenAI's words; null if there are none. `bytes` stand
// beside every token that is not ASCII, which may be part of a character.
Json logprobs_of(const CompletionRow& row) {
  if (row.token_logprobs.empty()) return nullptr;
  Json tokens = Json::array();
  for (std::size_t i = 0; i < row.token_logprobs.size(); ++i) {
    Json token{{"token", nullptr}, {"bytes", nullptr}, {"logprob", row.token_logprobs[i]}};
    if (!row.token_texts.empty()) {
      const std::string& text = row.token_texts[i];
      const bool is_ascii = std::ranges::none_of(text, [](char c) { return (c & 0x80) != 0; });
      token["token"] = text;
      if (!is_ascii) token["bytes"] = bytes_of(text);
    }
    tokens.push_back(std::move(token));
  }
  return tokens;
}

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
            {"token_logprobs", logprobs_of(row)},
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
