#include <nlohmann/json.hpp>

#include "figures/comparison.h"
#include "figures/finding_sentence.h"
#include "figures/internal/json_parts.h"
#include "figures/internal/run_record_json.h"
#include "figures/internal/verdict_json.h"

namespace iago {

namespace {

Json gap_json(const ComparedRun& run) {
  const auto& gap = run.summary.gap();
  if (!gap) return nullptr;
  return {{"points", gap->points},
          {"ci95", json_of(gap->ci95)},
          {"population", name_of(gap->population)},
          {"ci95_on_these_queries", json_of(gap->on_these_queries)},
          {"queries", gap->queries},
          {"p_value", gap->p_value},
          {"p_holm", or_null(run.p_holm)},
          {"p_benjamini_hochberg", or_null(run.p_benjamini_hochberg)}};
}

// The interval of the verdict, which may be another than the gap's own.
Json deciding_json(const Summary& summary) {
  const Decision* decision = summary.decision();
  if (decision == nullptr || !decision->deciding) return nullptr;
  return json_of(*decision->deciding);
}

Json saturation_json(Saturation saturation) {
  if (saturation == Saturation::none) return nullptr;
  return saturation == Saturation::saturated ? "saturated" : "no conflict";
}

Json arm_json(const ArmSummary* arm) { return arm ? json_of(arm->compliance) : Json(nullptr); }

Json run_json(const ComparedRun& run) {
  const auto& summary = run.summary;
  const auto* more = summary.more();
  Json json;
  json["run"] = summary.run.id;
  json["folder"] = run.folder.string();
  json["study"] = summary.run.study;
  json["subject"] = {{"model", summary.run.subject}, {"identity", summary.run.subject_identity}};
  json["comparable"] = run.comparable();
  json["differs"] = run.differs;
  json["wording"] = summary.reference().wording.name;
  json["contrast"] =
      summary.contrasts.empty() ? Json(nullptr) : Json(summary.contrasts.front().name());
  json["more"] = arm_json(more);
  json["less"] = arm_json(summary.less());
  json["alignment_faking_reasoning"] = more ? json_of(more->faking_reasoning) : Json(nullptr);
  json["gap"] = gap_json(run);
  json["deciding"] = deciding_json(summary);
  json["rank"] = run.rank ? Json::array({run.rank->best, run.rank->worst}) : Json(nullptr);
  json["saturation"] = saturation_json(run.saturation);
  json["verdict"] = name_of(summary.verdict());
  json["title"] = verdict_title(summary);
  json["why"] = sentence(why_sentence(summary));
  json["cause"] = cause_json(summary.cause);
  json["open"] = summary.record.open_trials();
  json["models"] = models_json(summary.record);
  json["model_warnings"] = model_warnings(summary.record);
  json["repeats"] = repeats_json(summary.record);
  return json;
}

Json difference_json(const Comparison& comparison, const GapDifference& pair) {
  return {{"pair", Json::array({pair.a, pair.b})},
          {"a", comparison.runs[pair.a].summary.run.id},
          {"b", comparison.runs[pair.b].summary.run.id},
          {"points", pair.points},
          {"ci95", json_of(pair.ci95)},
          {"ci95_all_pairs", json_of(pair.simultaneous95)},
          {"population", name_of(Population::queries_like_these)},
          {"se_paired", pair.se_paired},
          {"queries", pair.queries}};
}

}  // namespace

Json to_json(const Comparison& comparison) {
  Json json;
  json["schema"] = kComparisonSchema;
  json["ranked"] = comparison.ranked;
  json["runs"] = Json::array();
  for (const auto& run : comparison.runs) json["runs"].push_back(run_json(run));
  json["differences"] = Json::array();
  for (const auto& pair : comparison.differences) {
    json["differences"].push_back(difference_json(comparison, pair));
  }
  json["shared_completions"] = Json::array();
  for (const auto& pair : comparison.shared_completions) {
    json["shared_completions"].push_back({{"pair", Json::array({pair.a, pair.b})},
                                          {"a", comparison.runs[pair.a].summary.run.id},
                                          {"b", comparison.runs[pair.b].summary.run.id},
                                          {"completions", pair.completions}});
  }
  return json;
}

}  // namespace iago
