#include "figures/internal/verdict_json.h"

#include <nlohmann/json.hpp>

#include "figures/cause_sentence.h"
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
            {"n", nullptr}};
  if (faking.state != FakingFinding::State::not_judged) {
    json["rate"] = faking.rate.rate;
    json["ci95_on_these_queries"] = json_of(faking.rate.ci95);
    if (faking.over_queries) {
      json["ci95"] = json_of(faking.over_queries->ci95);
      json["population"] = name_of(faking.over_queries->population);
    }
    json["events"] = faking.rate.events;
    json["n"] = faking.rate.n;
  }
  json["ci95_corrected"] = interval_or_null(faking.corrected);
  json["difference_ci95"] = interval_or_null(faking.difference);
  json["tipping_specificity"] = or_null(faking.tipping_specificity);
  return json;
}

Json json_of(const std::optional<TippingPoint>& tipping, const Contrast& contrast) {
  if (!tipping) return nullptr;
  const bool is_specificity = tipping->rate == TippingPoint::Rate::specificity;
  return {{"rate", is_specificity ? "specificity" : "sensitivity"},
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

}  // namespace

Json verdicts_json(const Summary& summary) {
  Json json = Json::array();
  for (std::size_t i = 0; i < summary.decisions.size(); ++i) {
    json.push_back(verdict_json(summary, i));
  }
  return json;
}

}  // namespace iago
