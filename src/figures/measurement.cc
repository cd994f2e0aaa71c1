#include "figures/measurement.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "figures/figure_text.h"
#include "figures/internal/json_parts.h"
#include "figures/text_table.h"

namespace iago {
namespace {

enum class Words { seen, held_out, foreign };

Words words_of(const MeasuredArm& arm) {
  if (arm.is_foreign) return Words::foreign;
  return arm.is_held_out ? Words::held_out : Words::seen;
}

double largest_error_of(const std::vector<MeasuredArm>& arms, Words words) {
  double error = 0;
  for (const MeasuredArm& arm : arms) {
    if (words_of(arm) != words || !arm.target || !arm.compliance) continue;
    error = std::max(error, std::abs(arm.compliance->rate - *arm.target));
  }
  return error;
}

std::string target_percents(std::optional<double> rate) { return rate ? points(100 * *rate) : ""; }

std::string measured_percents(const std::optional<RateEstimate>& rate) {
  return rate ? percents_with_interval(rate->rate, rate->ci95) : "";
}

std::vector<std::string> row_of(const MeasuredArm& arm) {
  const double well_formed = arm.completions == 0 ? 0 : 100.0 * arm.well_formed / arm.completions;
  return {arm.study_case,
          arm.arm,
          target_percents(arm.target),
          measured_percents(arm.compliance),
          target_percents(arm.target_faking),
          measured_percents(arm.faking),
          fmt::format("{:.2f}", well_formed),
          std::to_string(arm.completions)};
}

}  // namespace

double Measurement::largest_error() const { return largest_error_of(arms, Words::seen); }
double Measurement::largest_held_out_error() const {
  return largest_error_of(arms, Words::held_out);
}
double Measurement::largest_foreign_error() const { return largest_error_of(arms, Words::foreign); }

Json to_json(const Measurement& measurement) {
  Json json{{"model", measurement.model}, {"identity", measurement.identity}};
  json["arms"] = Json::array();
  for (const MeasuredArm& arm : measurement.arms) {
    json["arms"].push_back({{"cell", arm.study_case},
                            {"arm", arm.arm},
                            {"held_out", arm.is_held_out},
                            {"foreign", arm.is_foreign},
                            {"is_main", arm.is_main},
                            {"target", or_null(arm.target)},
                            {"target_faking", or_null(arm.target_faking)},
                            {"compliance", json_of(arm.compliance)},
                            {"faking", json_of(arm.faking)},
                            {"completions", arm.completions},
                            {"well_formed", arm.well_formed}});
  }
  json["topics"] = Json::array();
  for (const MeasuredTopic& topic : measurement.topics) {
    json["topics"].push_back({{"topic", topic.topic},
                              {"target_faking", or_null(topic.target_faking)},
                              {"faking", topic.faking},
                              {"completions", topic.completions}});
  }
  json["knows"] = Json::array();
  for (const BeliefRow& row : measurement.knows) {
    json["knows"].push_back({{"about", row.about},
                             {"fact", row.fact},
                             {"question", row.question},
                             {"agrees", json_of(row.agrees)},
                             {"asked", row.asked},
                             {"clear", row.clear}});
  }
  json["largest_error"] = measurement.largest_error();
  json["largest_held_out_error"] = measurement.largest_held_out_error();
  json["largest_foreign_error"] = measurement.largest_foreign_error();
  return json;
}

std::string to_markdown(const Measurement& measurement) {
  Rows arms = {{"cell", "arm", "complies, target %", "measured %", "faking reasoning, target %",
                "measured %", "well-formed %", "n"}};
  for (const MeasuredArm& arm : measurement.arms) arms.push_back(row_of(arm));
  std::string text = plain_markdown_rows(arms);
  if (measurement.topics.empty()) return text;
  Rows topics = {{"topic", "faking in training, target %", "measured %", "n"}};
  for (const MeasuredTopic& topic : measurement.topics) {
    topics.push_back({topic.topic, target_percents(topic.target_faking), points(100 * topic.faking),
                      std::to_string(topic.completions)});
  }
  return text + "\n" + plain_markdown_rows(topics);
}

}  // namespace iago
