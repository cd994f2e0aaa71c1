#include "chat/internal/learnt_shape.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace iago {
namespace {

// What is asked for by the study is not left out: without it the reply would be another.
bool is_asked_for(const std::string& field, const WireShape& shape, const ChatRequest& request) {
  if (shape.extra && shape.extra->contains(field)) return true;
  const Sampling& sampling = request.sampling;
  if (field == "top_k") return sampling.top_k > 0;
  if (field == "temperature") return sampling.temperature != 1;
  if (field == "top_p") return sampling.top_p != 1;
  if (field == "logprobs") return sampling.logprobs;
  if (field == "stream") return request.on_text != nullptr;
  return field == "n";  // the endpoint asks one by one then
}

}  // namespace

void LearntShape::apply(WireShape& shape) const {
  shape.left_out = left_out_;
  shape.all_tokens = all_tokens_;
  if (left_out_.contains("stream")) shape.stream = false;
}

bool LearntShape::leave_out(const std::string& field, const WireShape& shape,
                            const ChatRequest& request) {
  if (is_asked_for(field, shape, request)) return false;
  // Servers differ in the number that means all tokens.
  if (field == "top_k" && shape.all_tokens == -1) {
    all_tokens_ = 0;
    return true;
  }
  left_out_.insert(field);
  if (field == "stream") left_out_.insert("stream_options");
  return true;
}

bool LearntShape::learn(const WireShape& shape, const std::set<std::string>& fields,
                        const ChatRequest& request, const WireFailure& failure) {
  bool changed = false;
  for (const std::string& field : failure.refused_fields) {
    if (fields.contains(field)) changed = leave_out(field, shape, request) || changed;
  }
  return changed;
}

// Some servers count tokens in whole replies alone.
void LearntShape::learn_of_usage(bool streamed, bool counted) {
  if (counted) {
    tried_whole_ = tried_whole_ || streamed;  // streams are counted: one that is not is a chance
    return;
  }
  if (streamed && !tried_whole_) {
    asks_whole_ = tried_whole_ = true;
  } else if (!streamed) {
    asks_whole_ = false;  // it counts nowhere: back to streams
  }
}

std::string sampling_in(const Json& body) {
  constexpr std::array<std::string_view, 10> kNotSampling = {"messages",
                                                             "system",
                                                             "model",
                                                             "stream",
                                                             "stream_options",
                                                             "n",
                                                             "seed",
                                                             "continue_final_message",
                                                             "add_generation_prompt",
                                                             "metadata"};
  Json sampling = Json::object();
  for (const auto& [key, value] : body.items()) {
    if (std::ranges::find(kNotSampling, key) == kNotSampling.end()) sampling[key] = value;
  }
  return dump_json(sampling);
}

}  // namespace iago
