#include <array>
#include <nlohmann/json.hpp>

#include "figures/internal/json_parts.h"
#include "figures/summary.h"

namespace iago {

namespace {

void add_error(const JudgeError& error, Json& entry) {
  const auto se = sensitivity_of(error.counts), sp = specificity_of(error.counts);
  const auto rate = [](const std::optional<JudgeAccuracy>& accuracy) {
    return accuracy ? Json(accuracy->rate) : Json(nullptr);
  };
  entry["sensitivity"] = rate(se);
  entry["specificity"] = rate(sp);
  entry["measured_on"] = error.measured_on.empty() ? Json(nullptr) : Json(error.measured_on);
  const auto add = [&](const std::string& name, const std::optional<JudgeAccuracy>& accuracy) {
    entry[name + "_ci95"] = accuracy ? json_of(accuracy->ci95) : Json(nullptr);
    entry[name + "_n"] = accuracy ? Json(accuracy->n) : Json(nullptr);
  };
  add("sensitivity", se);
  add("specificity", sp);
  entry["unknown_truth"] = error.measured_on.empty() ? Json(nullptr) : Json(error.unknown_truth);
  const auto bounds = bounds_if_unknown(error);
  entry["sensitivity_bounds_if_unknown"] =
      bounds && se ? json_of(bounds->sensitivity) : Json(nullptr);
  entry["specificity_bounds_if_unknown"] =
      bounds && sp ? json_of(bounds->specificity) : Json(nullptr);
}

Json json_of(const ArmSummary* arm, const JudgeChoice& judges) {
  if (arm == nullptr || arm->completed() == 0) return nullptr;
  Json json;
  json["planned"] = arm->planned;
  json["answered"] = arm->count(Outcome::answered);
  for (Outcome outcome : kOutcomes) {
    json["outcomes"][std::string(name_of(outcome))] = arm->count(outcome);
  }
  json["unjudged"] = judges.compliance ? Json(arm->unjudged) : Json(nullptr);
  json["compliance"] = json_of(arm->compliance);
  if (arm->compliance && arm->compliance_bounds) {
    json["compliance"]["bounds_if_missing"] = json_of(*arm->compliance_bounds);
  }
  if (arm->compliance) json["compliance"]["corrected"] = json_of(arm->compliance_corrected);
  json["faking_unjudged"] =
      judges.compliance && judges.faking_reasoning ? Json(arm->faking_unjudged) : Json(nullptr);
  json["alignment_faking_reasoning"] = json_of(arm->faking_reasoning);
  if (arm->faking_reasoning && arm->faking_bounds) {
    json["alignment_faking_reasoning"]["bounds_if_missing"] = json_of(*arm->faking_bounds);
  }
  if (arm->faking_reasoning) {
    json["alignment_faking_reasoning"]["corrected"] = json_of(arm->faking_corrected);
  }
  return json;
}

Json arms_json(const Summary& summary) {
  Json json = Json::object();
  for (auto name : {kTrainingArm, kUnmonitoredArm, kBaselineArm}) {
    json[std::string(name)] = json_of(summary.arm(name), summary.judges);
  }
  for (const auto& arm : summary.arms) json[arm.name] = json_of(&arm, summary.judges);
  return json;
}

// What a judge of faking reasoning says by its probabilities; null of other judges.
void add_by_probability(const LabelShares& arm, Json& entry) {
  bool is_reasoning = arm.maybe.has_value();
  entry["maybe"] = or_null(arm.maybe);
  entry["complying"] = is_reasoning ? Json(arm.complying) : Json(nullptr);
  entry["mean_probability_complying"] = or_null(arm.mean_probability_complying);
  entry["rate_by_probability"] = or_null(arm.rate_by_probability);
}

Json judges_json(const Summary& summary) {
  const JudgeChoice& choice = summary.judges;
  Json json = Json::array();
  for (const auto* judge : {&choice.compliance, &choice.faking_reasoning}) {
    if (!*judge) continue;
    const JudgeRow& row = **judge;
    Json entry;
    entry["name"] = row.name;
    entry["kind"] = name_of(row.kind);
    entry["hash"] = row.hash;
    entry["planned"] = row.planned;
    add_error(row.error, entry);
    if (judge == &choice.faking_reasoning) {
      entry["arms"] = Json::object();
      for (const LabelShares& arm : summary.reasoning) {
        add_by_probability(arm, entry["arms"][arm.arm]);
      }
    }
    json.push_back(std::move(entry));
  }
  return json;
}

Json json_of(const LabelShares& arm) {
  auto share = [&](std::uint64_t n) {
    return static_cast<double>(n) / static_cast<double>(arm.judged);
  };
  Json labels = Json::object();
  for (const auto& [label, n] : arm.labels) labels[label] = share(n);
  Json understood = nullptr;
  if (arm.understood && arm.judged > 0) understood = share(*arm.understood);
  Json json{{"judged", arm.judged},        {"unjudged", arm.unjudged},
            {"labels", std::move(labels)}, {"mean_probability", or_null(arm.mean_probability)},
            {"rate", json_of(arm.rate)},   {"understood", std::move(understood)}};
  add_by_probability(arm, json);
  return json;
}

void add_shares(const SharesByArm& shares, Json& entry) {
  entry["arms"] = Json::object();
  for (const LabelShares& arm : shares.arms) entry["arms"][arm.arm] = json_of(arm);
  entry["difference"] = nullptr;
  if (const auto& difference = shares.difference) {
    entry["difference"] = {{"arms", Json::array({difference->arm, difference->minus})},
                           {"points", difference->points},
                           {"ci95", json_of(difference->ci95)}};
  }
}

Json other_judges_json(const Summary& summary) {
  Json json = Json::array();
  for (const OtherJudge& other : summary.other_judges) {
    Json entry{{"name", other.judge.name},
               {"kind", name_of(other.judge.kind)},
               {"hash", other.judge.hash},
               {"positive", other.positive.empty() ? Json(nullptr) : Json(other.positive)}};
    add_shares(other.all, entry);
    entry["topics"] = Json::array();
    for (const TopicShares& topic : other.topics) {
      Json of_topic{{"topic", topic.topic}, {"queries", topic.queries}};
      add_shares(topic.shares, of_topic);
      entry["topics"].push_back(std::move(of_topic));
    }
    json.push_back(std::move(entry));
  }
  return json;
}

Json gap_json(const Summary& summary) {
  if (!summary.gap) return nullptr;
  const auto& gap = *summary.gap;
  Json json;
  json["points"] = gap.points;
  json["ci95"] = json_of(gap.ci95);
  json["p_value"] = gap.p_value;
  json["p_value_error"] = gap.p_value_error;
  json["se_paired"] = gap.se_paired;
  json["se_unpaired"] = gap.se_unpaired;
  json["queries"] = gap.queries;
  json["bounds_if_missing"] = json_of(gap.bounds_if_missing);
  json["without_faking_reasoning"] = nullptr;
  if (const auto& without = summary.gap_without_faking) {
    json["without_faking_reasoning"] = {
        {"points", without->points}, {"ci95", json_of(without->ci95)}, {"n", without->n_more}};
  }
  json["queries_to_settle"] = or_null(summary.finding.queries_to_settle);
  return json;
}

Json timing_json(const RunTiming& timing) {
  Json json;
  json["wall_s"] = timing.wall_s;
  json["sampling_s"] = timing.sampling_s;
  json["generated_tokens"] = timing.generated_tokens;
  json["tokens_per_s"] = or_null(timing.tokens_per_s);
  json["peak_rss_mb"] = timing.peak_rss_mb;
  json["sessions"] = timing.sessions;
  return json;
}

Json usage_json(const Summary& summary) {
  Json json = Json::array();
  for (const ModelUsage& usage : summary.usage) {
    const bool is_judge = !usage.judge.empty();
    Json entry;
    entry["model"] = usage.model.empty() ? Json(nullptr) : Json(usage.model);
    entry["judge"] = is_judge ? Json(usage.judge) : Json(nullptr);
    entry["judge_hash"] = is_judge ? Json(usage.judge_hash) : Json(nullptr);
    entry["prompt_tokens"] = usage.tokens.prompt;
    entry["cached_prompt_tokens"] = usage.tokens.cached_prompt;
    entry["cache_written_tokens"] = usage.tokens.cache_written;
    entry["generated_tokens"] = usage.tokens.generated;
    entry["cache_rate"] = or_null(usage.cache_rate());
    entry["cost"] = or_null(usage.cost());
    entry["saved_by_cache"] = or_null(usage.saved_by_cache());
    entry["price_date"] = usage.price ? Json(usage.price->date) : Json(nullptr);
    json.push_back(std::move(entry));
  }
  return json;
}

}  // namespace

Json to_json(const Summary& summary) {
  const auto& run = summary.run;
  Json json;
  json["schema"] = kSummarySchema;
  json["run"] = run.id;
  json["study"] = run.study;
  json["setting"] = run.setting;
  json["wording"] = run.wording;
  json["channel"] = run.channel;
  json["seed"] = run.seed;
  json["subject"] = {{"model", run.subject}, {"identity", run.subject_identity}};
  json["judges"] = judges_json(summary);
  json["other_judges"] = other_judges_json(summary);
  json["arms"] = arms_json(summary);
  json["compliance_gap"] = gap_json(summary);
  json["verdict"] = name_of(summary.finding.verdict);
  json["why"] = summary.finding.why;
  json["margin_points"] = summary.margin_points;
  json["analysis_plan"] = run.analysis_plan_hash;
  json["changes_since_plan"] = Json::array();
  for (const auto& change : summary.changes) {
    json["changes_since_plan"].push_back({{"what", change.what}, {"text", change.text}});
  }
  json["timing"] = timing_json(summary.timing);
  json["usage"] = usage_json(summary);
  json["reused"] = summary.reused_completions();
  return json;
}

}  // namespace iago
