// The protocol of OpenAI's chat completions, as spoken by OpenAI, vLLM, SGLang, llama-server,
// Ollama, OpenRouter and others: the reading of its replies, whole or chunk by chunk. Private to
// the room; the request's side is in openai_wire.cc behind make_openai_wire.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "chat/internal/event_stream.h"
#include "chat/internal/message_parts.h"
#include "chat/internal/thinking.h"
#include "chat/internal/usage_fields.h"
#include "chat/internal/wire.h"
#include "chat/internal/wire_json.h"

namespace iago {

// One of the replies of a response while it comes.
struct OpenAiChoice {
  ChatReply reply;
  MessageParts parts;
  bool from_deltas = false;  // a stream's pieces came for it
  std::string finish_reason;
  std::string filtered;      // what the provider's filter says of it
  bool is_filtered = false;  // and it says that it did not let all pass
  std::string native;        // the reason for the end by which a gateway's provider called it
};

// Gathers what whole documents and chunks have in common. Not thread-safe.
class OpenAiReading {
 public:
  explicit OpenAiReading(const FinishWords& words) : words_(words) {}
  // A document with `message` in its choices, or a chunk with `delta`. False if it shows that this
  // is no reply; `failure()` says why.
  bool take(const ReplyJson& json);
  WireOutcome failure() const { return failure_; }
  // All choices. `heard`: somebody was given the text as it came.
  WireOutcome conclude(bool heard);

  bool empty() const { return choices_.empty(); }
  std::size_t held_bytes() const;
  bool all_finished() const;
  // The text of the first choice that came with the last `take`.
  const std::string& news() const { return news_; }

 private:
  bool take_names(const ReplyJson& json, bool has_choices);
  bool take_block(const ReplyJson& json);
  bool take_choice(const ReplyJson& json, const nlohmann::json& choice, std::size_t position);
  bool take_whole_message(const MessageParts& whole, OpenAiChoice& choice);
  void take_signs(const ReplyJson& json, const nlohmann::json& value, OpenAiChoice& choice);
  bool take_finish(OpenAiChoice& choice, std::string reason);
  bool decide_by_sign(OpenAiChoice& choice) const;
  std::optional<WireOutcome> finish(OpenAiChoice& choice, bool heard);
  bool reject(WireOutcome why);

  const FinishWords& words_;
  std::map<std::uint64_t, OpenAiChoice> choices_;
  UsageReading usage_;
  std::string unread_;  // a member beside the choices that holds a thought, as MessageParts::unread
  std::string reply_id_, id_, last_id_, model_, fingerprint_, news_;
  // Of the chunks with choices, as id_ (the first) and last_id_.
  bool id_changed_ = false, id_repeated_ = false;
  bool says_something_ = false;  // the document that is being taken
  std::size_t chunks_without_news_ = 0;
  WireOutcome failure_;
};

class OpenAiStream final : public EventStream {
 public:
  OpenAiStream(Wire::OnText on_text, const FinishWords& words);

 private:
  bool is_end(const SseEvent& event) const override { return event.data == "[DONE]"; }
  void take(const SseEvent& event) override;
  WireOutcome take_document(std::string_view body) override;
  WireOutcome conclude() override;
  std::size_t reading_bytes() const override { return reading_.held_bytes(); }

  const FinishWords& words_;
  OpenAiReading reading_;
  ThinkingFilter filter_;
  bool listening_ = false;
};

WireOutcome read_openai_reply(std::string_view body, const FinishWords& words);

}  // namespace iago
