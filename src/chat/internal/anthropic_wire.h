// The protocol of Anthropic's messages: the reading of its replies, whole or event by event.
// Private to the room; the request's side is in anthropic_wire.cc behind make_anthropic_wire.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "chat/internal/event_stream.h"
#include "chat/internal/wire.h"
#include "chat/internal/wire_json.h"

namespace iago {

// Gathers blocks of content and what stands around them. Not thread-safe.
class AnthropicReading {
 public:
  void take_block(const ReplyJson& json, const nlohmann::json& block);
  void take_text(std::string_view text) { reply_.text += text; }
  void take_thinking(std::string_view text) { reply_.reasoning += text; }
  // `message` has id, model and usage; what is missing leaves the earlier values.
  void take_message(const ReplyJson& json, const nlohmann::json& message);
  void take_usage(const nlohmann::json& usage);
  void take_stop_reason(std::string reason);
  bool has_stop_reason() const { return !stop_reason_.empty(); }
  const std::string& id() const { return reply_.request_id; }
  WireOutcome conclude();

 private:
  ChatReply reply_;
  std::string stop_reason_;
  bool thought_ = false;  // a block of thinking was there, with text or without
  std::uint64_t fresh_input_ = 0;
};

class AnthropicStream final : public EventStream {
 public:
  explicit AnthropicStream(Wire::OnText on_text) : on_text_(std::move(on_text)) {}

 private:
  void take(const SseEvent& event) override;
  WireOutcome take_document(std::string_view body) override;
  WireOutcome conclude() override;

  void start_message(const ReplyJson& json);
  void start_block(const ReplyJson& json);
  void take_delta(const ReplyJson& json);
  void pass_on(const std::string& text);

  enum class Block { open, closed };

  Wire::OnText on_text_;
  AnthropicReading reading_;
  std::map<std::uint64_t, Block> blocks_;
  bool has_message_ = false;
};

WireOutcome read_anthropic_reply(std::string_view body);
WireOutcome read_anthropic_error(int status, std::string_view body);

}  // namespace iago
