// The protocol of OpenAI's chat completions, as spoken by OpenAI, vLLM, SGLang, llama-server,
// Ollama, OpenRouter and others: the reading of its replies, whole or chunk by chunk. Private to
// the room; the request's side is in openai_wire.cc behind make_openai_wire.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "chat/internal/event_stream.h"
#include "chat/internal/thinking.h"
#include "chat/internal/wire.h"
#include "chat/internal/wire_json.h"

namespace iago {

// One of the replies of a response while it comes.
struct OpenAiChoice {
  ChatReply reply;
  std::string refusal;
  std::string finish_reason;
  bool finished = false;
  bool hidden_reasoning = false;  // a part of the reasoning is there without its text
};

// Gathers what whole documents and chunks have in common. Not thread-safe.
class OpenAiReading {
 public:
  // A document with `message` in its choices, or a chunk with `delta`. False if it shows that this
  // is no reply; `failure()` says why.
  bool take(const ReplyJson& json);
  WireOutcome failure() const { return failure_; }
  // All choices. `unopened_thinking` as split_thinking has it.
  WireOutcome conclude(bool unopened_thinking);

  bool empty() const { return choices_.empty(); }
  bool all_finished() const;
  // The text of the first choice that came with the last `take`.
  const std::string& news() const { return news_; }

 private:
  bool take_id(const ReplyJson& json);
  bool take_choice(const ReplyJson& json, const nlohmann::json& choice, std::size_t position);
  void take_usage(const nlohmann::json& usage);
  bool reject(WireOutcome why);

  std::map<std::uint64_t, OpenAiChoice> choices_;
  TokenUsage usage_;
  std::uint64_t reasoning_tokens_ = 0;
  std::string id_, model_, fingerprint_, news_;
  WireOutcome failure_;
};

class OpenAiStream final : public EventStream {
 public:
  explicit OpenAiStream(Wire::OnText on_text);

 private:
  bool is_end(const SseEvent& event) const override { return event.data == "[DONE]"; }
  void take(const SseEvent& event) override;
  WireOutcome take_document(std::string_view body) override;
  WireOutcome conclude() override;

  OpenAiReading reading_;
  ThinkingFilter filter_;
  bool listening_ = false;
};

WireOutcome read_openai_reply(std::string_view body);
WireOutcome read_openai_error(int status, std::string_view body);

}  // namespace iago
