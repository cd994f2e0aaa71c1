#include "judge/judge_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "stats/corrected.h"

namespace iago {

namespace {

constexpr int kSchema = 1;
constexpr std::size_t kMaxErrorBytes = std::size_t{16} << 20;

// As summary.json writes a rate; this file's own format, which other programs read.
Json accuracy_json(const std::optional<JudgeAccuracy>& accuracy) {
  if (!accuracy) return nullptr;
  return {{"rate", accuracy->rate},
          {"ci95", {accuracy->ci95.lo, accuracy->ci95.hi}},
          {"n", accuracy->n}};
}

Json json_of(const JudgeError& error) {
  const JudgeErrorCounts& counts = error.counts;
  JudgeValidation validation = validation_of(counts);
  return {{"judge", error.judge},
          {"kind", error.kind},
          {"hash", error.hash},
          {"counted_with", error.counted_with},
          {"subject", error.subject},
          {"identity", error.identity},
          {"true_positive", counts.true_positive},
          {"false_negative", counts.false_negative},
          {"true_negative", counts.true_negative},
          {"false_positive", counts.false_positive},
          {"unknown_truth", counts.unknown_truth},
          {"sensitivity", accuracy_json(sensitivity_of(validation))},
          {"specificity", accuracy_json(specificity_of(validation))}};
}

// The rates beside the counts are for people; they follow from the counts.
JudgeError error_of(const Json& json) {
  auto text = [&](const char* key) { return json.at(key).get<std::string>(); };
  auto count = [&](const char* key) { return json.at(key).get<std::uint64_t>(); };
  return {.judge = text("judge"),
          .hash = text("hash"),
          .kind = text("kind"),
          .counted_with = text("counted_with"),
          .subject = text("subject"),
          .identity = text("identity"),
          .counts = {count("true_positive"), count("false_negative"), count("true_negative"),
                     count("false_positive"), count("unknown_truth")}};
}

}  // namespace

std::filesystem::path judge_error_file(const std::filesystem::path& data) {
  return data / "organisms" / "judges.json";
}

std::vector<JudgeError> read_judge_errors(const std::filesystem::path& file) {
  std::vector<JudgeError> entries;
  if (!std::filesystem::exists(file)) return entries;
  try {
    Json json = parse_json(read_file(file, kMaxErrorBytes), file.string());
    if (json.at("schema").get<int>() != kSchema) {
      throw Error(ErrorCode::unsupported, fmt::format("{}: schema {}, expected {}", file.string(),
                                                      json.at("schema").get<int>(), kSchema));
    }
    for (const Json& entry : json.at("measured")) entries.push_back(error_of(entry));
  } catch (const Json::exception& error) {
    throw Error(ErrorCode::invalid,
                fmt::format("{}: not a file of judges' errors: {}", file.string(), error.what()),
                "iago judge validate --write makes it anew once the file is gone");
  }
  return entries;
}

void write_judge_errors(const std::filesystem::path& file, const std::vector<JudgeError>& entries) {
  auto all = read_judge_errors(file);
  for (const JudgeError& entry : entries) {
    std::erase_if(all, [&](const JudgeError& old) {
      return old.subject == entry.subject && old.judge == entry.judge;
    });
    all.push_back(entry);
  }
  std::ranges::sort(all, {},
                    [](const JudgeError& error) { return std::pair(error.subject, error.judge); });
  Json json{{"schema", kSchema},
            {"written_by", "iago judge validate --write"},
            {"measured", Json::array()}};
  for (const JudgeError& entry : all) json["measured"].push_back(json_of(entry));
  write_file(file, dump_json(json, 1) + "\n");
}

std::vector<JudgeError> errors_on(const std::string& identity, std::vector<JudgeError> all) {
  std::erase_if(all, [&](const JudgeError& error) { return error.identity != identity; });
  return all;
}

}  // namespace iago
