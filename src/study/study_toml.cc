// A study written back as a file.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "study/internal/placed_study.h"
#include "study/study.h"
#include "text/utf8.h"

namespace iago {
namespace {

std::string toml_text(std::string_view text) {
  std::string quoted = "\"";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      quoted += fmt::format("\\u{:04X}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string toml_list(const std::vector<std::string>& texts) {
  std::string list = "[";
  for (const std::string& text : texts) {
    if (list.size() > 1) list += ", ";
    list += toml_text(text);
  }
  return list + "]";
}

}  // namespace

void check_writable(const Study& study) {
  std::vector<std::string> texts = {
      study.setting.string(), study.queries.string(), study.model,
      study.judge_model,      study.cluster_by,       study.text_column};
  if (study.groups) texts.push_back(*study.groups);
  texts.insert(texts.end(), study.models.begin(), study.models.end());
  texts.insert(texts.end(), study.where.begin(), study.where.end());
  texts.insert(texts.end(), study.judges.begin(), study.judges.end());
  for (const auto& [name, value] : study.parameters) texts.push_back(value);
  for (const std::string& text : texts) {
    if (is_valid_utf8(text) && text.find('\0') == std::string::npos) continue;
    throw Error(ErrorCode::invalid,
                fmt::format("{}: expected UTF-8 text", replace_invalid_utf8(text)),
                "Rename the folder or the file.");
  }
}

std::string to_toml(const Study& study) {
  std::string toml;
  auto add = [&](std::string_view key, const std::string& value) {
    toml += fmt::format("{} = {}\n", key, value);
  };
  add("name", toml_text(study.name));
  add("setting", toml_text(study.setting.string()));
  add("channel", toml_text(study.channel));
  add("wordings", toml_list(study.wordings));
  if (!study.reference.empty()) add("reference", toml_text(study.reference));
  add("arms", toml_list(study.arms));
  if (!study.contrasts.empty()) add("contrasts", toml_list(study.contrasts));
  if (!study.queries.empty()) add("queries", toml_text(study.queries.string()));
  if (!study.text_column.empty()) add("text_column", toml_text(study.text_column));
  if (!study.where.empty()) add("where", toml_list(study.where));
  if (study.sample) add("sample", std::to_string(*study.sample));
  if (study.sample_seed) add("sample_seed", std::to_string(*study.sample_seed));
  if (!study.model.empty()) add("model", toml_text(study.model));
  if (!study.models.empty()) add("models", toml_list(study.models));
  add("repeats", std::to_string(study.repeats));
  add("seed", std::to_string(study.seed));
  if (study.limit) add("limit", std::to_string(*study.limit));
  add("margin", fmt::format("{}", study.margin));
  if (!study.cluster_by.empty()) add("cluster_by", toml_text(study.cluster_by));
  if (study.groups) add("groups", toml_text(*study.groups));
  if (study.strict_form) add("strict_form", "true");
  if (study.all_reasoning) add("all_reasoning", "true");
  add("judges", toml_list(study.judges));
  if (!study.judge_model.empty()) add("judge_model", toml_text(study.judge_model));
  if (!study.parameters.empty()) toml += "\n[parameters]\n";
  for (const auto& [name, value] : study.parameters) add(toml_text(name), toml_text(value));
  toml += "\n[sampling]\n";
  add("temperature", fmt::format("{}", study.sampling.temperature));
  add("top_p", fmt::format("{}", study.sampling.top_p));
  add("top_k", std::to_string(study.sampling.top_k));
  add("max_tokens", std::to_string(study.sampling.max_tokens));
  add("stop", toml_list(study.sampling.stop));
  if (study.sampling.logprobs) add("logprobs", "true");
  return toml;
}

}  // namespace iago
