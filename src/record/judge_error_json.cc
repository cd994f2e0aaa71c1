#include "record/judge_error_json.h"

#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"

namespace iago {
namespace {

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorCode::invalid, "a judge's error: " + why);
}

const Json& field(const Json& json, const std::string& name) {
  if (!json.is_object() || !json.contains(name)) refuse("expected a field \"" + name + "\"");
  return json.at(name);
}

std::uint64_t count_in(const Json& json, const std::string& name) {
  const Json& count = field(json, name);
  if (!count.is_number_unsigned()) refuse("expected a count as \"" + name + "\"");
  return count.get<std::uint64_t>();
}

std::string text_in(const Json& json, const std::string& name) {
  const Json& text = field(json, name);
  if (!text.is_string()) refuse("expected a text as \"" + name + "\"");
  return text.get<std::string>();
}

const Json& object_in(const Json& json, const std::string& name) {
  const Json& object = field(json, name);
  if (!object.is_object()) refuse("expected an object as \"" + name + "\"");
  return object;
}

Confusion confusion_of(const Json& json) {
  Confusion counts;
  for (const auto& [name, count] : kConfusionCounts) {
    counts.*count = count_in(json, std::string(name));
  }
  return counts;
}

double number_in(const Json& json, const std::string& name) {
  const Json& number = field(json, name);
  if (!number.is_number()) refuse("expected a number as \"" + name + "\"");
  return number.get<double>();
}

LabelStratum stratum_of(const Json& json) {
  const Json& called = field(json, "called_positive");
  if (!called.is_boolean()) refuse("expected true or false as \"called_positive\"");
  return {.called_positive = called.get<bool>(),
          .answers = count_in(json, "answers"),
          .labelled = count_in(json, "labelled"),
          .truly_positive = count_in(json, "truly_positive"),
          .rate = number_in(json, "rate"),
          .effective_n = number_in(json, "effective_n")};
}

}  // namespace

Json to_json(const Confusion& counts) {
  Json json = Json::object();
  for (const auto& [name, count] : kConfusionCounts) json[std::string(name)] = counts.*count;
  return json;
}

Json to_json(const LabelStratum& stratum) {
  return {{"called_positive", stratum.called_positive},
          {"answers", stratum.answers},
          {"labelled", stratum.labelled},
          {"truly_positive", stratum.truly_positive},
          {"rate", stratum.rate},
          {"effective_n", stratum.effective_n}};
}

Json to_json(const JudgeError& error) {
  Json json{{"measured_on", error.measured_on}, {"source", name_of(error.source)}};
  json.update(to_json(error.counts));
  json["unknown_truth"] = error.unknown_truth;
  json["setting"] = error.setting;
  json["setting_hash"] = error.setting_hash;
  json["arms"] = Json::object();
  for (const auto& [arm, counts] : error.by_arm) json["arms"][arm] = to_json(counts);
  json["labelled_queries"] = Json::object();
  for (const auto& [arm, queries] : error.labelled_queries) {
    json["labelled_queries"][arm] = {{"labelled", queries.labelled},
                                     {"answered", queries.answered}};
  }
  for (const auto& [arm, strata] : error.strata) {
    for (const LabelStratum& stratum : strata) json["strata"][arm].push_back(to_json(stratum));
  }
  if (error.unclear > 0) json["unclear"] = error.unclear;
  return json;
}

JudgeError judge_error_of(const Json& json) {
  JudgeError error{.counts = confusion_of(json),
                   .unknown_truth = count_in(json, "unknown_truth"),
                   .measured_on = text_in(json, "measured_on")};
  const std::string source = text_in(json, "source");
  const auto known = error_source_named(source);
  if (!known) refuse("expected planted, organism or labels as its source, found \"" + source + '"');
  error.source = *known;
  error.setting = text_in(json, "setting");
  error.setting_hash = text_in(json, "setting_hash");
  for (const auto& [arm, counts] : object_in(json, "arms").items()) {
    error.by_arm[arm] = confusion_of(counts);
  }
  for (const auto& [arm, queries] : object_in(json, "labelled_queries").items()) {
    error.labelled_queries[arm] = {count_in(queries, "labelled"), count_in(queries, "answered")};
  }
  const Json none = Json::object();
  for (const auto& [arm, strata] :
       (json.contains("strata") ? object_in(json, "strata") : none).items()) {
    if (!strata.is_array()) refuse("expected a list of strata for the arm \"" + arm + "\"");
    for (const Json& stratum : strata) error.strata[arm].push_back(stratum_of(stratum));
  }
  if (json.contains("unclear")) error.unclear = count_in(json, "unclear");
  if (!is_judge_error(error)) {
    refuse(
        "expected counts up to a billion, in the arms of a setting no more than over all, and "
        "labelled queries of these arms, no more than were answered, and strata with no more "
        "labels "
        "than answers");
  }
  return error;
}

}  // namespace iago
