#include "judge/judge_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "record/judge_error_json.h"
#include "stats/corrected.h"

namespace iago {
namespace {

constexpr int kSchema = 3;
constexpr std::size_t kMaxErrorBytes = std::size_t{16} << 20;

// As summary.json writes a rate; this file's own format, which other programs read.
Json accuracy_json(const std::optional<JudgeAccuracy>& accuracy) {
  if (!accuracy) return nullptr;
  return {{"rate", accuracy->rate},
          {"ci95", {accuracy->ci95.lo, accuracy->ci95.hi}},
          {"n", accuracy->n}};
}

Json rates_json(const Confusion& counts) {
  return {{"sensitivity", accuracy_json(sensitivity_of(counts))},
          {"specificity", accuracy_json(specificity_of(counts))}};
}

// The rates beside the counts are for people; they follow from the counts.
Json json_of(const MeasuredJudge& measured) {
  Json error = to_json(measured.error);
  error.update(rates_json(measured.error.counts));
  for (const auto& [arm, counts] : measured.error.by_arm) {
    error["arms"][arm].update(rates_json(counts));
  }
  Json json{{"judge", measured.judge},       {"kind", text_of(measured.kind)},
            {"hash", measured.hash},         {"counted_with", measured.counted_with},
            {"identity", measured.identity}, {"error", std::move(error)}};
  if (!measured.subject.empty()) json["subject"] = measured.subject;
  return json;
}

MeasuredJudge measured_of(const Json& json) {
  auto text = [&](const char* key) { return json.at(key).get<std::string>(); };
  const auto kind = judge_kind_in(text("kind"));
  if (!kind) throw Error(ErrorCode::invalid, fmt::format("no kind of judge is {}", text("kind")));
  return {.judge = text("judge"),
          .hash = text("hash"),
          .kind = *kind,
          .counted_with = text("counted_with"),
          .identity = text("identity"),
          .subject = json.contains("subject") ? text("subject") : std::string(),
          .error = judge_error_of(json.at("error"))};
}

// Does an entry take the place of the other?
bool replaces(const MeasuredJudge& entry, const MeasuredJudge& old) {
  const bool same_origin =
      old.error.source == entry.error.source && old.error.measured_on == entry.error.measured_on;
  if (!same_origin || old.judge != entry.judge) return false;
  return entry.error.source != ErrorSource::planted ||
         (old.hash == entry.hash && old.error.setting == entry.error.setting);
}

bool is_grammars(const std::string& subject) {
  return subject.starts_with("organism:") || subject.starts_with("world:");
}

// How much an error says of the subject's run; absent if it does not apply.
std::optional<int> closeness(const MeasuredJudge& measured, const JudgedSubject& subject) {
  constexpr int kSameWeights = 4, kSameSubject = 2, kSameSetting = 1;
  if (!measured.identity.empty()) {
    return measured.identity == subject.identity ? std::optional(kSameWeights) : std::nullopt;
  }
  const bool is_named = !measured.subject.empty(), is_same = measured.subject == subject.name;
  if ((is_named || is_grammars(subject.name)) && !is_same) return std::nullopt;
  const std::string& setting = measured.error.setting;
  if (!setting.empty() && setting != subject.setting) return std::nullopt;
  return (is_named ? kSameSubject : 0) + (setting.empty() ? 0 : kSameSetting);
}

}  // namespace

std::filesystem::path judge_error_file(const std::filesystem::path& data) {
  return data / "organisms" / "judges.json";
}

std::vector<MeasuredJudge> known_judge_errors(const std::filesystem::path& data,
                                              const std::filesystem::path& runs) {
  std::vector<MeasuredJudge> all;
  for (const std::filesystem::path& file :
       {judge_error_file(data), data / "queries" / "labelled" / kJudgeErrorFile,
        runs / kJudgeErrorFile}) {
    std::ranges::move(read_judge_errors(file), std::back_inserter(all));
  }
  return all;
}

std::vector<MeasuredJudge> parse_judge_errors(std::string_view text, const std::string& where) {
  std::vector<MeasuredJudge> entries;
  const auto refuse = [&](const char* why) {
    return Error(ErrorCode::invalid,
                 fmt::format("{}: not a file of judges' errors: {}", where, why),
                 "delete the file; iago judge validate --write writes a new one");
  };
  const Json json = parse_json(text, where);
  try {
    if (json.at("schema").get<int>() != kSchema) {
      throw Error(ErrorCode::invalid, fmt::format("expected schema {}, found {}", kSchema,
                                                  json.at("schema").get<int>()));
    }
    for (const Json& entry : json.at("measured")) entries.push_back(measured_of(entry));
  } catch (const Json::exception& error) {
    throw refuse(error.what());
  } catch (const Error& error) {
    throw refuse(error.what());
  }
  return entries;
}

std::vector<MeasuredJudge> read_judge_errors(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return {};
  return parse_judge_errors(read_file(file, kMaxErrorBytes), file.string());
}

void write_judge_errors(const std::filesystem::path& file,
                        const std::vector<MeasuredJudge>& entries) {
  auto all = read_judge_errors(file);
  for (const MeasuredJudge& entry : entries) {
    std::erase_if(all, [&](const MeasuredJudge& old) { return replaces(entry, old); });
    all.push_back(entry);
  }
  std::ranges::sort(all, {}, [](const MeasuredJudge& one) {
    return std::tuple(one.error.measured_on, one.judge, one.error.setting, one.hash);
  });
  Json json{{"schema", kSchema},
            {"written_by", "iago judge validate --write"},
            {"measured", Json::array()}};
  for (const MeasuredJudge& entry : all) json["measured"].push_back(json_of(entry));
  write_file(file, dump_json(json, 1) + "\n");
}

std::vector<MeasuredJudge> errors_that_apply(const JudgedSubject& subject,
                                             std::vector<MeasuredJudge> all) {
  std::erase_if(all, [&](const MeasuredJudge& one) { return !closeness(one, subject); });
  std::ranges::stable_sort(
      all, {}, [&](const MeasuredJudge& one) { return closeness(one, subject).value_or(0); });
  return all;
}

}  // namespace iago
