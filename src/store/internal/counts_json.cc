#include "store/internal/counts_json.h"

#include "record/judge_error_json.h"
#include "store/internal/column_json.h"

namespace iago {

std::string text_of(const JudgeError& error) {
  if (error == JudgeError()) return {};
  return dump_json(to_json(error));
}

std::string text_of(const CompletionsByArm& completions) {
  if (completions.empty()) return {};
  Json json = Json::object();
  for (const auto& [told, n] : completions) json[told.wording][told.arm] = n;
  return dump_json(json);
}

JudgeError judge_error_in(std::string_view text, const std::string& where) {
  if (text.empty()) return {};
  constexpr std::size_t kDepth = 5;  // the error, its strata, those of an arm, one, its counts
  return read_column(text, where, "the known error of a judge", judge_error_of, kDepth);
}

CompletionsByArm completions_in(std::string_view text, const std::string& where) {
  if (text.empty()) return {};
  return read_column(text, where, "the completions that a session showed", [](const Json& json) {
    CompletionsByArm completions;
    if (!json.is_object()) throw Error(ErrorCode::corrupt, "not an object");
    for (const auto& [wording, arms] : json.items()) {
      if (!arms.is_object()) throw Error(ErrorCode::corrupt, "not an object of arms");
      for (const auto& [arm, n] : arms.items()) {
        if (!n.is_number_unsigned()) throw Error(ErrorCode::corrupt, "not a count");
        completions[{wording, arm}] = n.get<std::uint64_t>();
      }
    }
    return completions;
  });
}

}  // namespace iago
