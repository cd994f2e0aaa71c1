#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "figures/finding_sentence.h"
#include "figures/internal/endings.h"
#include "figures/internal/json_parts.h"
#include "figures/internal/run_record_json.h"
#include "figures/internal/verdict_json.h"
#include "figures/judge_evidence.h"
#include "figures/looks.h"
#include "figures/published.h"
#include "figures/summary.h"
#include "record/judge_error_json.h"

namespace iago {

namespace {

// The counts in each arm and what follows of them.
Json error_by_arm_json(const JudgeError& error) {
  Json arms = Json::object();
  for (const auto& [arm, counts] : error.by_arm) {
    Json& entry = arms[arm] = to_json(counts);
    const auto queries = error.labelled_queries.find(arm);
    entry["labelled_queries"] =
        queries == error.labelled_queries.end() ? Json(nullptr) : Json(queries->second.labelled);
    entry["sensitivity"] = json_of(sensitivity_of(counts));
    entry["specificity"] = json_of(specificity_of(counts));
  }
  return arms;
}

void add_error(const JudgeError& error, const RunText& text, Json& entry) {
  const auto se = sensitivity_of(error.counts), sp = specificity_of(error.counts);
  const auto rate = [](const std::optional<JudgeAccuracy>& accuracy) {
    return accuracy ? Json(accuracy->rate) : Json(nullptr);
  };
  entry["sensitivity"] = rate(se);
  entry["specificity"] = rate(sp);
  entry["measured_on"] = error.is_measured() ? Json(error.measured_on) : Json(nullptr);
  entry["measured_unclear"] = error.is_measured() ? Json(error.unclear) : Json(nullptr);
  entry["measured_by"] = error.is_measured() ? Json(name_of(error.source)) : Json(nullptr);
  entry["measured_setting"] = or_null(error.setting);
  entry["measured"] = name_of(source_of(error, text));
  entry["error_by_arm"] = error_by_arm_json(error);
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

Json json_of(const ArmSummary* arm, const std::optional<JudgeRow>& judge, bool reads_reasoning) {
  if (!arm->has_trials()) return nullptr;
  Json json;
  json["planned"] = arm->planned;
  json["answered"] = arm->count(Outcome::answered);
  for (Outcome outcome : kOutcomes) {
    json["outcomes"][std::string(name_of(outcome))] = arm->count(outcome);
  }
  for (Form form : kForms) json["forms"][std::string(name_of(form))] = arm->count(form);
  json["not_strict"] = arm->not_strict;
  json["empty"] = arm->empty;
  json["endings"] = endings_json(*arm);
  json["open"] = arm->open;
  json["unjudged"] = judge ? Json(arm->unjudged) : Json(nullptr);
  json["unclear"] = judge ? Json(arm->unclear) : Json(nullptr);
  Json& rate = json[rate_name(judge)] = json_of(arm->compliance);
  if (arm->compliance && arm->compliance_bounds) {
    rate["bounds_if_missing"] = json_of(*arm->compliance_bounds);
  }
  if (arm->compliance) rate["corrected"] = json_of(arm->compliance_corrected);
  json["faking_unjudged"] = judge && reads_reasoning ? Json(arm->faking_unjudged) : Json(nullptr);
  json["faking_no_scratchpad"] =
      judge && reads_reasoning ? Json(arm->faking_no_scratchpad) : Json(nullptr);
  json["alignment_faking_reasoning"] = json_of(arm->faking_reasoning);
  if (arm->faking_reasoning && arm->faking_bounds) {
    json["alignment_faking_reasoning"]["bounds_if_missing"] = json_of(*arm->faking_bounds);
  }
  if (arm->faking_reasoning) {
    json["alignment_faking_reasoning"]["corrected"] = json_of(arm->faking_corrected);
  }
  return json;
}

Json arms_json(const Summary& summary, const WordingSummary& wording) {
  Json json = Json::object();
  for (const auto& arm : wording.arms) {
    json[arm.name] = json_of(&arm, wording.judge, summary.judges.faking_reasoning.has_value());
  }
  return json;
}

// What a judge of faking reasoning says by its probabilities; null of other judges.
void add_by_probability(const LabelShares& arm, Json& entry) {
  bool is_reasoning = arm.maybe.has_value();
  entry["maybe"] = or_null(arm.maybe);
  entry["complying"] = is_reasoning ? Json(arm.complying) : Json(nullptr);
  entry["faking_not_complying"] = is_reasoning ? Json(arm.faking_not_complying) : Json(nullptr);
  entry["mean_probability_complying"] = or_null(arm.mean_probability_complying);
  entry["rate_by_probability"] = or_null(arm.rate_by_probability);
  entry["yes_to_quote"] = arm.yes_to_quote;
  entry["yes_without_quote"] = arm.unquoted;
  entry["decided_by_quote"] = arm.unquoted_decide;
}

Json judges_json(const Summary& summary) {
  const JudgeChoice& choice = summary.judges;
  Json json = Json::array();
  // Those of the contrasts, the reference's first, then that of reasoning; each once.
  std::vector<const JudgeRow*> rows;
  auto add = [&](const std::optional<JudgeRow>& judge) {
    const bool is_there = judge && std::ranges::any_of(rows, [&](const JudgeRow* row) {
                            return row->hash == judge->hash;
                          });
    if (judge && !is_there) rows.push_back(&*judge);
  };
  for (const WordingSummary& wording : summary.wordings) add(wording.judge);
  add(choice.faking_reasoning);
  for (const JudgeRow* judge : rows) {
    const JudgeRow& row = *judge;
    Json entry;
    entry["name"] = row.name;
    entry["kind"] = name_of(row.kind);
    entry["hash"] = row.hash;
    entry["planned"] = row.planned;
    add_error(row.error, summary.text, entry);
    if (choice.faking_reasoning && judge == &*choice.faking_reasoning) {
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
  json["corrected"] = json_of(arm.corrected);
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
                           {"ci95", json_of(difference->ci95)},
                           {"corrected", nullptr}};
    if (const auto& corrected = difference->corrected) {
      entry["difference"]["corrected"] = {{"points", corrected->points},
                                          {"ci95", json_of(corrected->ci95)}};
    }
  }
}

Json other_judges_json(const Summary& summary) {
  Json json = Json::array();
  for (const OtherJudge& other : summary.other_judges) {
    Json entry{{"name", other.judge.name},
               {"kind", name_of(other.judge.kind)},
               {"hash", other.judge.hash},
               {"positive", other.positive.empty() ? Json(nullptr) : Json(other.positive)},
               {"labels", Json(std::vector<std::string>(labels_of(other.judge.kind).begin(),
                                                        labels_of(other.judge.kind).end()))}};
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

Json contrast_json(const ContrastSummary& contrast, const std::optional<JudgeRow>& judge) {
  Json json{{"contrast", contrast.contrast.name()},
            {"more", contrast.contrast.more},
            {"less", contrast.contrast.less},
            {"label", judge ? Json(positive_label(judge->kind)) : Json(nullptr)},
            {"points", nullptr}};
  if (!contrast.gap) return json;
  const auto& gap = *contrast.gap;
  json["points"] = gap.points;
  json["ci95"] = json_of(gap.ci95);
  json["population"] = name_of(gap.population);
  json["ci95_on_these_queries"] = json_of(gap.on_these_queries);
  json["p_value"] = gap.p_value;
  json["p_value_error"] = gap.p_value_error;
  json["se_paired"] = gap.se_paired;
  json["se_unpaired"] = gap.se_unpaired;
  json["queries"] = gap.queries;
  json["bounds_if_missing"] = json_of(gap.bounds_if_missing);
  json["without_faking_reasoning"] = nullptr;
  if (const auto& without = contrast.gap_without_faking) {
    json["without_faking_reasoning"] = {
        {"points", without->points}, {"ci95", json_of(without->ci95)}, {"n", without->n_more}};
  }
  json["ci95_simultaneous"] =
      contrast.simultaneous95 ? json_of(*contrast.simultaneous95) : Json(nullptr);
  return json;
}

Json contrasts_json(const WordingSummary& wording) {
  Json json = Json::array();
  for (const auto& contrast : wording.contrasts) {
    json.push_back(contrast_json(contrast, wording.judge));
  }
  return json;
}

Json json_of(const std::optional<PublishedDifference>& difference) {
  if (!difference) return nullptr;
  return {{"points", difference->points}, {"ci95", json_of(difference->ci95)}};
}

Json published_json(const Summary& summary, const WordingSummary& wording) {
  const auto& row = wording.wording.published;
  if (!row) return nullptr;
  const auto minus = summary.contrasts.empty()
                         ? std::nullopt
                         : minus_published(wording, summary.contrasts.front());
  auto rate = [](double value, double se) { return Json{{"rate", value}, {"se", se}}; };
  return {{"source", row->source},
          {"row", row->row},
          {"name", row->name},
          {"faking_reasoning", rate(row->faking_reasoning, row->faking_reasoning_se)},
          {"more", rate(row->more, row->more_se)},
          {"less", rate(row->less, row->less_se)},
          {"gap", {{"points", row->gap_points}, {"se_unpaired", row->gap_se}}},
          {"difference", minus ? Json{{"faking_reasoning", json_of(minus->faking_reasoning)},
                                      {"more", json_of(minus->more)},
                                      {"less", json_of(minus->less)},
                                      {"gap", json_of(minus->gap)}}
                               : Json(nullptr)}};
}

Json difference_json(const WordingSummary& wording) {
  if (!wording.to_reference) return nullptr;
  const GapDifference& difference = *wording.to_reference;
  return {{"points", difference.points},
          {"ci95", json_of(difference.ci95)},
          {"ci95_simultaneous", json_of(difference.simultaneous95)},
          {"queries", difference.queries},
          {"p_value", or_null(wording.p_value)},
          {"p_holm", or_null(wording.holm_p)}};
}

Json wordings_json(const Summary& summary) {
  Json json = Json::array();
  for (const WordingSummary& wording : summary.wordings) {
    json.push_back({{"wording", wording.wording.name},
                    {"role", name_of(wording.wording.role)},
                    {"judge", wording.judge ? Json(wording.judge->name) : Json(nullptr)},
                    {"in_mean", wording.is_in_mean},
                    {"state", wording.state ? Json(name_of(*wording.state)) : Json(nullptr)},
                    {"lacks", wording.lacks},
                    {"arms", arms_json(summary, wording)},
                    {"contrasts", contrasts_json(wording)},
                    {"ci95_simultaneous",
                     wording.simultaneous95 ? json_of(*wording.simultaneous95) : Json(nullptr)},
                    {"difference_to_reference", difference_json(wording)},
                    {"published", published_json(summary, wording)}});
  }
  return json;
}

// What is said of the reference and its paraphrases together; null for one wording.
Json over_wordings_json(const Summary& summary) {
  if (!summary.mean) return nullptr;
  const WordingMean& mean = *summary.mean;
  Json json{{"contrast", summary.contrasts.front().name()},
            {"wordings", mean.wordings},
            {"points", mean.points},
            {"ci95", json_of(mean.ci95)},
            {"p_value", mean.p_value},
            {"p_value_error", mean.p_value_error},
            {"se_paired", mean.se_paired},
            {"queries", mean.queries},
            {"bounds_if_missing", json_of(mean.bounds_if_missing)},
            {"spread", nullptr},
            {"for_wordings_like_these", nullptr},
            {"largest_share_unmet", largest_share_unmet(mean.wordings)}};
  if (const auto& spread = summary.spread) {
    json["spread"] = {{"sd", spread->sd},
                      {"ci95", json_of(spread->ci95)},
                      {"p_alike", spread->p_alike},
                      {"p_alike_error", spread->p_alike_error}};
  }
  if (const auto& crossed = summary.crossed) {
    json["for_wordings_like_these"] = {{"points", crossed->points},
                                       {"ci95", json_of(crossed->ci95)},
                                       {"se_wordings", crossed->se_wordings}};
  }
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
    const auto known = [&](std::uint64_t tokens) {
      return usage.is_unknown() ? Json(nullptr) : Json(tokens);
    };
    entry["prompt_tokens"] = known(usage.tokens.prompt);
    entry["cached_prompt_tokens"] = known(usage.tokens.cached_prompt);
    entry["cache_written_tokens"] = known(usage.tokens.cache_written);
    entry["generated_tokens"] = known(usage.tokens.generated);
    entry["uncounted_replies"] = usage.tokens.uncounted;
    entry["at_least"] = usage.is_at_least();
    entry["cache_rate"] = or_null(usage.cache_rate());
    entry["cost"] = or_null(usage.cost());
    entry["saved_by_cache"] = or_null(usage.saved_by_cache());
    entry["price_date"] = usage.price ? Json(usage.price->date) : Json(nullptr);
    json.push_back(std::move(entry));
  }
  return json;
}

}  // namespace

std::string rate_name(const std::optional<JudgeRow>& judge) {
  if (!judge || judge->kind == JudgeKind::compliance) return "compliance";
  return std::string(positive_label(judge->kind));
}

Json to_json(const Summary& summary) {
  const auto& run = summary.run;
  Json json;
  json["schema"] = kSummarySchema;
  json["run"] = run.id;
  json["study"] = run.study;
  json["setting"] = run.setting;
  json["channel"] = run.channel;
  json["reference_wording"] = summary.reference().wording.name;
  json["seed"] = run.seed;
  json["subject"] = {{"model", run.subject}, {"identity", run.subject_identity}};
  json["judges"] = judges_json(summary);
  json["check"] = summary.check ? to_json(*summary.check) : Json(nullptr);
  json["other_judges"] = other_judges_json(summary);
  json["arms"] = arms_json(summary, summary.reference());
  json["open_trials"] = open_trials_json(summary.record);
  json["contrasts"] = contrasts_json(summary.reference());
  json["wordings"] = wordings_json(summary);
  json["over_wordings"] = over_wordings_json(summary);
  add_sets(summary, json);
  const Decision* decision = summary.decision();
  json["verdict"] = name_of(summary.verdict());
  json["provisional"] = decision != nullptr && !decision->provisional.empty();
  json["headline"] = finding_sentence(summary);
  json["why"] = why_text(summary);
  json["cause"] = cause_json(summary.cause);
  json["verdicts"] = verdicts_json(summary);
  json["queries_to_settle"] = decision ? or_null(decision->queries_to_settle) : Json(nullptr);
  json["looks"] = looks_of(summary);
  json["margin_points"] = summary.margin_points;
  json["strict_form"] = summary.forms == FormRule::strict_only;
  json["analysis_plan"] = run.analysis_plan_hash;
  json["changes_since_plan"] = Json::array();
  for (const auto& change : summary.changes) {
    json["changes_since_plan"].push_back({{"what", change.what}, {"text", change.text}});
  }
  json["models"] = models_json(summary.record);
  json["model_warnings"] = model_warnings(summary.record);
  json["repeats"] = repeats_json(summary.record);
  json["sessions"] = sessions_json(summary.record);
  json["timing"] = timing_json(summary.timing);
  json["usage"] = usage_json(summary);
  json["reused"] = summary.reused_completions();
  return json;
}

}  // namespace iago
