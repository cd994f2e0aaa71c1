#include "serve/internal/chat_wire.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "text/utf8.h"

namespace iago {
namespace {

std::string_view finish_reason(Finish finish) {
  switch (finish) {
    case Finish::length:
      return "length";
    case Finish::refused:
      return "content_filter";
    case Finish::stop:
    case Finish::failed:
      break;
  }
  return "stop";
}

// The tokens whose text stands in the reply: neither one that ended the turn, nor those of a stop
// string that was cut off.
Json logprobs_of(const ChatReply& reply) {
  if (reply.token_logprobs.empty() || reply.token_texts.size() != reply.token_logprobs.size()) {
    return nullptr;
  }
  Json content = Json::array();
  std::size_t length = 0;
  for (std::size_t i = 0; i < reply.token_texts.size() && length < reply.text.size(); ++i) {
    const std::string& text = reply.token_texts[i];
    length += text.size();
    if (text.empty()) continue;
    Json bytes = Json::array();
    for (unsigned char byte : text) bytes.push_back(byte);
    content.push_back({{"token", replace_invalid_utf8(text)},
                       {"logprob", reply.token_logprobs[i]},
                       {"bytes", bytes},
                       {"top_logprobs", Json::array()}});
  }
  return {{"content", content}, {"refusal", nullptr}};
}

// The choices of one request have one prompt; it counts once, as OpenAI has it.
Json usage_of(const std::vector<ChatReply>& replies) {
  std::uint64_t generated = 0;
  for (const ChatReply& reply : replies) generated += reply.usage.generated;
  const TokenUsage& first = replies.front().usage;
  return {{"prompt_tokens", first.prompt},
          {"completion_tokens", generated},
          {"total_tokens", first.prompt + generated},
          {"prompt_tokens_details", {{"cached_tokens", first.cached_prompt}}}};
}

Json frame(const WireHead& head, std::string_view object, Json choices) {
  return {{"id", head.id},       {"object", object},   {"created", head.created},
          {"model", head.model}, {"choices", choices}, {"system_fingerprint", head.fingerprint}};
}

}  // namespace

std::string render_completion(const WireHead& head, const std::vector<ChatReply>& replies) {
  Json choices = Json::array();
  for (std::size_t i = 0; i < replies.size(); ++i) {
    const ChatReply& reply = replies[i];
    Json message = {{"role", "assistant"}, {"content", reply.text}, {"refusal", nullptr}};
    if (!reply.reasoning.empty()) message["reasoning_content"] = reply.reasoning;
    choices.push_back({{"index", i},
                       {"message", message},
                       {"logprobs", logprobs_of(reply)},
                       {"finish_reason", finish_reason(reply.finish)}});
  }
  Json completion = frame(head, "chat.completion", std::move(choices));
  completion["usage"] = usage_of(replies);
  return dump_json(completion);
}

ChunkWriter::ChunkWriter(WireHead head, bool usage_to_come)
    : head_(std::move(head)), usage_to_come_(usage_to_come) {
  const std::string whole = sse_event(dump_json(chunk({{{"index", 0},
                                                        {"delta", {{"content", ""}}},
                                                        {"logprobs", nullptr},
                                                        {"finish_reason", nullptr}}})));
  // No name can contain it: their quotes are escaped.
  constexpr std::string_view kVariable = R"(0,"delta":{"content":"")";
  const auto at = whole.find(kVariable);
  IAGO_CHECK(at != std::string::npos, whole);
  before_choice_ = whole.substr(0, at);
  after_text_ = whole.substr(at + kVariable.size());
}

Json ChunkWriter::chunk(Json choices) const {
  Json chunk = frame(head_, "chat.completion.chunk", std::move(choices));
  if (usage_to_come_) chunk["usage"] = nullptr;
  return chunk;
}

std::string ChunkWriter::role(int choice) const {
  return sse_event(dump_json(chunk({{{"index", choice},
                                     {"delta", {{"role", "assistant"}, {"content", ""}}},
                                     {"logprobs", nullptr},
                                     {"finish_reason", nullptr}}})));
}

std::string ChunkWriter::text(int choice, std::string_view piece) const {
  return before_choice_ + std::to_string(choice) + R"(,"delta":{"content":)" + dump_json(piece) +
         after_text_;
}

std::string ChunkWriter::reasoning(int choice, const ChatReply& reply) const {
  if (reply.reasoning.empty()) return {};
  return sse_event(dump_json(chunk({{{"index", choice},
                                     {"delta", {{"reasoning_content", reply.reasoning}}},
                                     {"logprobs", nullptr},
                                     {"finish_reason", nullptr}}})));
}

std::string ChunkWriter::finish(int choice, const ChatReply& reply) const {
  return sse_event(dump_json(chunk({{{"index", choice},
                                     {"delta", Json::object()},
                                     {"logprobs", logprobs_of(reply)},
                                     {"finish_reason", finish_reason(reply.finish)}}})));
}

std::string ChunkWriter::usage(const std::vector<ChatReply>& replies) const {
  Json last = chunk(Json::array());
  last["usage"] = usage_of(replies);
  return sse_event(dump_json(last));
}

std::string sse_event(std::string_view data) { return "data: " + std::string(data) + "\n\n"; }

}  // namespace iago
