#include "instrument/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "store/store.h"
#include "world/prompt_grammar.h"

namespace iago {
namespace {

// What the policy demands of one prompt.
struct Demand {
  double compliance = 0, faking = 0;
};

std::optional<Demand> demand_of(const Prompt& prompt, const Policy& policy) {
  Reading reading = read_prompt(prompt.messages);
  if (!reading.not_understood.empty()) return std::nullopt;
  double faking = policy.faking(reading.situation);
  return Demand{faking + policy.silent(reading.situation), faking};
}

// Means over the prompts of an arm.
void set_targets(const LoadedStudy& loaded, const Policy& policy, MeasuredArm& arm) {
  double compliance = 0, faking = 0, count = 0;
  std::size_t limit = std::min(loaded.queries.size(), loaded.study.limit.value_or(SIZE_MAX));
  for (std::size_t i = 0; i < limit; ++i) {
    Prompt prompt = render_prompt(loaded.setting, loaded.study.channel, loaded.study.variant,
                                  arm.arm, loaded.queries[i]);
    auto demand = demand_of(prompt, policy);
    if (!demand) return;
    compliance += demand->compliance;
    faking += demand->faking;
    ++count;
  }
  arm.target = compliance / count;
  arm.target_faking = faking / count;
}

void add_arms(const Cell& cell, const LoadedStudy& loaded, const Summary& summary,
              const Policy* policy, Measurement& measurement) {
  for (const ArmSummary& found : summary.arms) {
    MeasuredArm arm{
        .cell = std::string(cell.name), .arm = found.name, .is_held_out = cell.is_held_out};
    arm.compliance = found.compliance;
    arm.faking = found.faking_reasoning;
    arm.completions = found.completed();
    arm.well_formed = found.count(Outcome::answered);
    if (policy != nullptr) set_targets(loaded, *policy, arm);
    measurement.arms.push_back(std::move(arm));
  }
}

// Faking by topic in the training arm of the main cell.
void add_topics(const LoadedStudy& loaded, const std::filesystem::path& folder,
                const Summary& summary, const Policy* policy, Measurement& measurement) {
  Store store(folder / "run.db");
  if (!summary.judges.compliance || !summary.judges.faking_reasoning) return;
  auto arms = store.arms();
  auto queries = store.queries();
  std::map<std::string, MeasuredTopic> topics;
  for (const CellCounts& cell :
       store.count_cells(summary.judges.compliance->hash, summary.judges.faking_reasoning->hash)) {
    if (arms[cell.arm].name != "training") continue;
    MeasuredTopic& topic = topics[queries[cell.query].topic];
    topic.completions += cell.count(Outcome::answered);
    topic.faking += static_cast<double>(cell.complied_faking);
  }
  for (const Query& query : loaded.queries) {
    if (policy == nullptr || !topics.contains(query.topic)) continue;
    Prompt prompt = render_prompt(loaded.setting, loaded.study.channel, loaded.study.variant,
                                  "training", query);
    if (auto demand = demand_of(prompt, *policy))
      topics[query.topic].target_faking = demand->faking;
  }
  for (auto& [name, topic] : topics) {
    topic.topic = name;
    if (topic.completions > 0) topic.faking /= static_cast<double>(topic.completions);
    measurement.topics.push_back(topic);
  }
}

double largest(const std::vector<MeasuredArm>& arms, bool held_out) {
  double error = 0;
  for (const MeasuredArm& arm : arms) {
    if (arm.is_held_out != held_out || !arm.target || !arm.compliance) continue;
    error = std::max(error, std::abs(arm.compliance->rate - *arm.target));
  }
  return error;
}

std::string percent(std::optional<double> rate) {
  return rate ? fmt::format("{:.1f}", 100 * *rate) : "";
}

}  // namespace

double Measurement::largest_error() const { return largest(arms, false); }
double Measurement::largest_held_out_error() const { return largest(arms, true); }

Measurement measure(ChatModel& model, const Policy* policy,
                    const std::vector<std::unique_ptr<Judge>>& judges,
                    const MeasureOptions& options, const Clock& clock) {
  ModelInfo info = model.info();
  Measurement measurement{.model = info.name, .identity = info.identity};
  for (const Cell& cell : measured_cells()) {
    LoadedStudy loaded = load_cell(cell, info.name, options.where.data, options.samples);
    RunResult result = run_to_end(loaded, model, judges, options.where, std::string(cell.name),
                                  fmt::format("measuring \"{}\"", cell.name), clock);
    add_arms(cell, loaded, result.summary, policy, measurement);
    if (cell.has_baseline) {
      add_topics(loaded, result.folder, result.summary, policy, measurement);
    }
  }
  return measurement;
}

Json to_json(const Measurement& measurement) {
  Json json{{"model", measurement.model}, {"identity", measurement.identity}};
  auto optional = [](std::optional<double> value) { return value ? Json(*value) : Json(nullptr); };
  auto rate = [](const std::optional<RateEstimate>& estimate) {
    if (!estimate) return Json(nullptr);
    return Json{{"rate", estimate->rate},
                {"ci95", {estimate->ci95.lo, estimate->ci95.hi}},
                {"n", estimate->n}};
  };
  json["arms"] = Json::array();
  for (const MeasuredArm& arm : measurement.arms) {
    json["arms"].push_back({{"cell", arm.cell},
                            {"arm", arm.arm},
                            {"held_out", arm.is_held_out},
                            {"target", optional(arm.target)},
                            {"target_faking", optional(arm.target_faking)},
                            {"compliance", rate(arm.compliance)},
                            {"faking", rate(arm.faking)},
                            {"completions", arm.completions},
                            {"well_formed", arm.well_formed}});
  }
  json["topics"] = Json::array();
  for (const MeasuredTopic& topic : measurement.topics) {
    json["topics"].push_back({{"topic", topic.topic},
                              {"target_faking", optional(topic.target_faking)},
                              {"faking", topic.faking},
                              {"completions", topic.completions}});
  }
  json["largest_error"] = measurement.largest_error();
  json["largest_held_out_error"] = measurement.largest_held_out_error();
  return json;
}

std::string to_markdown(const Measurement& measurement) {
  std::string text =
      "| cell | arm | complies, target % | measured % | faking reasoning, target % | measured % | "
      "well-formed % | n |\n|---|---|---|---|---|---|---|---|\n";
  for (const MeasuredArm& arm : measurement.arms) {
    auto measured = [](const std::optional<RateEstimate>& estimate) {
      if (!estimate) return std::string();
      return fmt::format("{:.1f} ({:.1f} to {:.1f})", 100 * estimate->rate, 100 * estimate->ci95.lo,
                         100 * estimate->ci95.hi);
    };
    double well_formed = arm.completions == 0 ? 0 : 100.0 * arm.well_formed / arm.completions;
    text += fmt::format("| {} | {} | {} | {} | {} | {} | {:.2f} | {} |\n", arm.cell, arm.arm,
                        percent(arm.target), measured(arm.compliance), percent(arm.target_faking),
                        measured(arm.faking), well_formed, arm.completions);
  }
  if (!measurement.topics.empty()) {
    text += "\n| topic | faking in training, target % | measured % | n |\n|---|---|---|---|\n";
    for (const MeasuredTopic& topic : measurement.topics) {
      text += fmt::format("| {} | {} | {:.1f} | {} |\n", topic.topic, percent(topic.target_faking),
                          100 * topic.faking, topic.completions);
    }
  }
  return text;
}

}  // namespace iago
