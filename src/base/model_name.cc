#include "base/model_name.h"

#include <algorithm>

namespace iago {
namespace {

bool begins_model_name(std::string_view text) {
  auto colon = text.find(':');
  if (colon == 0 || colon == text.npos) return false;
  return std::ranges::all_of(text.substr(0, colon), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

}  // namespace

bool is_endpoint(std::string_view model) {
  return model.starts_with("openai:") || model.starts_with("anthropic:");
}

std::string_view model_in_judge_name(std::string_view judge) {
  for (auto at = judge.find('@'); at != judge.npos; at = judge.find('@', at + 1)) {
    if (begins_model_name(judge.substr(at + 1))) return judge.substr(at + 1);
  }
  return {};
}

std::string_view rubric_in_judge_name(std::string_view judge) {
  const std::string_view model = model_in_judge_name(judge);
  return model.empty() ? judge : judge.substr(0, judge.size() - model.size() - 1);
}

}  // namespace iago
