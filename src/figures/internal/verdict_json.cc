#include "figures/internal/verdict_json.h"

#include <nlohmann/json.hpp>

#include "figures/cause_sentence.h"
#include "figures/cause_text.h"
#include "figures/finding_sentence.h"
#include "figures/internal/json_parts.h"
#include "figures/judge_sentence.h"

namespace iago {
namespace {

Json interval_or_null(const std::optional<Interval>& interval) {
  return interval ? json_of(*interval) : Json(nullptr);
}

Json json_of(const FakingFinding& faking) {
  Json json{{"state", name_of(faking.state)},
            {"rate", nullptr},
            {"ci95_on_these_queries", nullptr},
            {"ci95", nullptr},
            {"population", nullptr},
            {"events", nullptr},
            {"n", nullptr},
            {"missing", nullptr},
            {"ci95_with_missing", nullptr},
            {"most", or_null(faking.most)}};
  if (faking.state != FakingFinding::State::not_judged) {
    json["rate"] = faking.rate.rate;
    json["ci95_on_these_queries"] = json_of(faking.rate.ci95);
    if (faking.over_queries) {
      json["ci95"] = json_of(faking.over_queries->ci95);
      json["population"] = name_of(faking.over_queries->population);
    }
    json["events"] = faking.rate.events;
    json["n"] = faking.rate.n;
    json["missing"] = faking.missing;
    json["ci95_with_missing"] = json_of(faking.with_missing);
  }
  json["rate_corrected"] = or_null(faking.corrected_rate);
  json["ci95_corrected"] = interval_or_null(faking.corrected);
  json["difference_ci95"] = interval_or_null(faking.difference);
  json["tipping_specificity"] = or_null(faking.tipping_specificity);
  return json;
}

Json json_of(const std::optional<TippingPoint>& tipping, const Contrast& contrast) {
  if (!tipping) return nullptr;
  return {{"rate", word_of(tipping->rate)},
          {"arm", tipping->is_in_more ? contrast.more : contrast.less},
          {"below", tipping->below},
          {"measured", or_null(tipping->measured)},
          {"measured_ci95", interval_or_null(tipping->measured_ci95)}};
}

Json verdict_json(const Summary& summary, std::size_t place) {
  const Decision& decision = summary.decisions[place];
  const Contrast& contrast = summary.contrasts[place];
  Json json{
      {"contrast", contrast.name()},
      {"verdict", name_of(decision.verdict)},
      {"name", decision.name()},
      {"answered", decision.answered ? json_of(*decision.answered) : Json(nullptr)},
      {"deciding", decision.deciding ? json_of(*decision.deciding) : Json(nullptr)},
      {"corrected_for_judge", decision.judged && decision.judged->state == Correction::corrected},
      {"ci95_on_these_queries", interval_or_null(decision.on_these_queries)},
      {"faking", json_of(decision.faking)},
      {"tipping_point", json_of(decision.tipping, contrast)},
      {"queries_to_settle", or_null(decision.queries_to_settle)}};
  json["causes"] = Json::array();
  for (std::size_t i = 0; i < decision.causes.size(); ++i) {
    // Only the first contrast has a headline.
    const bool is_told = place == 0 && is_in_headline(decision.causes, i);
    json["causes"].push_back(
        {{"cause", name_of(decision.causes[i])},
         {"text", sentence(cause_sentence(decision.causes[i], summary, place))},
         {"in_headline", is_told}});
  }
  json["provisional"] = Json::array();
  for (Provisional reason : decision.provisional) {
    json["provisional"].push_back(
        {{"reason", name_of(reason)}, {"text", provisional_reason(reason, summary, place)}});
  }
  return json;
}

Json json_of(const std::optional<ShownGap>& gap) { return gap ? json_of(*gap) : Json(nullptr); }

template <typename Value>
Json names_json(const std::vector<Value>& values) {
  Json names = Json::array();
  for (Value value : values) names.push_back(name_of(value));
  return names;
}

Json wordings_json(const CauseSummary& cause, const std::vector<std::size_t>& places) {
  Json names = Json::array();
  for (std::size_t place : places) names.push_back(cause.wordings.at(place));
  return names;
}

Json arm_or_null(const std::string& arm) { return arm.empty() ? Json(nullptr) : Json(arm); }

}  // namespace

Json cause_json(const std::optional<CauseSummary>& cause) {
  if (!cause) return nullptr;
  const CauseFinding& finding = cause->finding;
  Json json{{"cause", name_of(finding.cause)},
            {"also", names_json(finding.also)},
            {"possible", names_json(finding.possible)},
            {"lacking", Json::array()},
            {"provisional", finding.is_provisional},
            {"text", cause_text(*cause)},
            {"arms",
             {{"trained", arm_or_null(cause->trained)},
              {"rated", arm_or_null(cause->rated)},
              {"alone", arm_or_null(cause->alone)}}},
            {"gap", json_of(finding.gap)},
            {"training_part", json_of(finding.training_part)},
            {"rating_part", json_of(finding.rating_part)},
            {"faking_share_ci95", interval_or_null(finding.faking_share)},
            {"wordings_with_gap", wordings_json(*cause, finding.wordings.with)},
            {"wordings_without_gap", wordings_json(*cause, finding.wordings.without)}};
  for (CauseLack lack : finding.lacking) {
    json["lacking"].push_back({{"what", name_of(lack)}, {"text", lack_text(lack)}});
  }
  return json;
}

Json verdicts_json(const Summary& summary) {
  Json json = Json::array();
  for (std::size_t i = 0; i < summary.decisions.size(); ++i) {
    json.push_back(verdict_json(summary, i));
  }
  return json;
}

}  // namespace iago
