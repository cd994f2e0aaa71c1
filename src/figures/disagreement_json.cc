#include <nlohmann/json.hpp>
#include <utility>

#include "figures/disagreement.h"
#include "figures/internal/json_parts.h"

namespace iago {
namespace {

Json json_of(const JudgeRow& judge) {
  return {{"name", judge.name}, {"kind", name_of(judge.kind)}, {"hash", judge.hash}};
}

Json json_of(const Disagreement& found) {
  return {{"trial", found.trial},
          {"query", found.query},
          {"query_text", found.query_text},
          {"scratchpad", found.scratchpad},
          {"output", found.output},
          {"a", {{"label", found.label_a}, {"why", found.why_a}}},
          {"b", {{"label", found.label_b}, {"why", found.why_b}}}};
}

}  // namespace

Json to_json(const JudgeComparison& comparison, std::optional<double> kappa,
             const std::vector<Disagreement>& shown) {
  const Confusion& counts = comparison.counts;
  Json disagreements = Json::array();
  for (const Disagreement& found : shown) disagreements.push_back(json_of(found));
  return {{"a", json_of(comparison.a)},
          {"b", json_of(comparison.b)},
          {"both_judged", comparison.both_judged()},
          {"both_unclear", comparison.both_unclear},
          {"one_unclear", comparison.one_unclear},
          {"one_silent", comparison.one_silent},
          {"both_positive", counts.true_positive},
          {"only_a_positive", counts.false_negative},
          {"only_b_positive", counts.false_positive},
          {"both_negative", counts.true_negative},
          {"agreement", comparison.agreement()},
          {"kappa", or_null(kappa)},
          {"disagreements", std::move(disagreements)}};
}

}  // namespace iago
