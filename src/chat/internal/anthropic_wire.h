// The protocol of Anthropic's messages: the reading of its replies, whole or event by event.
// Private to the room; the request's side is in anthropic_wire.cc behind make_anthropic_wire.
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

// Gathers blocks of content and what stands around them. Not thread-safe.
class AnthropicReading {
 public:
  explicit AnthropicReading(const FinishWords& words) : words_(words) {}
  // A block, or a delta of one; what it adds to the text.
  std::string take_part(const ReplyJson& json, const nlohmann::json& part);
  // `message` has id, model and usage; what is missing leaves the earlier values.
  void take_message(const ReplyJson& json, const nlohmann::json& message);
  void take_usage(const nlohmann::json& usage) { usage_.take(usage); }
  // `message` has stop_reason and stop_details. Absent, or why the reply cannot be right.
  std::optional<WireOutcome> take_stop(const ReplyJson& json, const nlohmann::json& message);
  bool has_stop_reason() const { return !reply_.finish_reason.empty(); }
  const std::string& id() const { return reply_.request_id; }
  std::size_t held_bytes() const { return parts_.held_bytes(); }
  // `heard`: somebody was given the text as it came.
  WireOutcome conclude(bool heard);

 private:
  const FinishWords& words_;
  ChatReply reply_;
  MessageParts parts_;
  UsageReading usage_;
  std::string explanation_;  // the vendor's, of a refusal
};

class AnthropicStream final : public EventStream {
 public:
  AnthropicStream(Wire::OnText on_text, const FinishWords& words);

 private:
  void take(const SseEvent& event) override;
  WireOutcome take_document(std::string_view body) override;
  WireOutcome conclude() override;
  std::size_t reading_bytes() const override { return reading_.held_bytes(); }

  void start_message(const ReplyJson& json);
  void start_block(const ReplyJson& json);
  void take_delta(const ReplyJson& json);
  void take_message_delta(const ReplyJson& json);
  void pass_on(const std::string& text);

  enum class Block { open, closed };

  const FinishWords& words_;
  AnthropicReading reading_;
  ThinkingFilter filter_;
  bool listening_ = false;
  std::map<std::uint64_t, Block> blocks_;
  std::size_t idle_events_ = 0;  // since the last text
  bool has_message_ = false;
};

WireOutcome read_anthropic_reply(std::string_view body, const FinishWords& words);

}  // namespace iago
