#include "judge/judge_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

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
  return {{"judge", measured.judge},       {"kind", name_of(measured.kind)},
          {"hash", measured.hash},         {"counted_with", measured.counted_with},
          {"identity", measured.identity}, {"error", std::move(error)}};
}

MeasuredJudge measured_of(const Json& json) {
  auto text = [&](const char* key) { return json.at(key).get<std::string>(); };
  const auto kind = judge_kind_named(text("kind"));
  if (!kind) throw Error(ErrorCode::invalid, fmt::format("no kind of judge is {}", text("kind")));
  return {.judge = text("judge"),
          .hash = text("hash"),
          .kind = *kind,
          .counted_with = text("counted_with"),
          .identity = text("identity"),
          .error = judge_error_of(json.at("error"))};
}

}  // namespace

std::filesystem::path judge_error_file(const std::filesystem::path& data) {
  return data / "organisms" / "judges.json";
}

std::vector<MeasuredJudge> read_judge_errors(const std::filesystem::path& file) {
  std::vector<MeasuredJudge> entries;
  if (!std::filesystem::exists(file)) return entries;
  const auto refuse = [&](const char* why) {
    return Error(ErrorCode::invalid,
                 fmt::format("{}: not a file of judges' errors: {}", file.string(), why),
                 "delete the file; iago judge validate --write writes a new one");
  };
  Json json = parse_json(read_file(file, kMaxErrorBytes), file.string());
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

void write_judge_errors(const std::filesystem::path& file,
                        const std::vector<MeasuredJudge>& entries) {
  auto all = read_judge_errors(file);
  for (const MeasuredJudge& entry : entries) {
    std::erase_if(all, [&](const MeasuredJudge& old) {
      return old.error.measured_on == entry.error.measured_on && old.judge == entry.judge;
    });
    all.push_back(entry);
  }
  std::ranges::sort(all, {}, [](const MeasuredJudge& one) {
    return std::pair(one.error.measured_on, one.judge);
  });
  Json json{{"schema", kSchema},
            {"written_by", "iago judge validate --write"},
            {"measured", Json::array()}};
  for (const MeasuredJudge& entry : all) json["measured"].push_back(json_of(entry));
  write_file(file, dump_json(json, 1) + "\n");
}

std::vector<MeasuredJudge> errors_on(const std::string& identity, std::vector<MeasuredJudge> all) {
  std::erase_if(all, [&](const MeasuredJudge& one) { return one.identity != identity; });
  return all;
}

}  // namespace iago
