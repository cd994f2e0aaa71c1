// The reading of this vendor's replies. A reply comes in one of two shapes, one JSON document or a
// stream of events, and both are fed block by block into the same AnthropicReading, so that a reply
// means the same however it came. https://docs.anthropic.com/en/api/messages-streaming names the
// events.
//
// The stream is a small state machine over numbered blocks of content. A block begins once, then
// gets its pieces, then closes; a piece for a block that never began or has closed means that
// something was lost or sent twice, and the reply is given up rather than stored with a fault in
// it. The first failure stays (`failed_`), and what comes after a failure or after message_stop is
// ignored.
//
// A stream may end before message_stop once the reason for stopping has come, since nothing but
// that event is missing then. Without a reason the end is taken for a cut connection, and the text
// that came is not used: it may lack its end.
//
// Kinds of events and blocks that are not known are passed over: the vendor adds to them.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "chat/internal/anthropic_wire.h"
#include "chat/internal/wire_failure.h"

namespace iago {
namespace {

using nlohmann::json;

// A reply has a few. Bounds blocks_.
constexpr std::size_t kMaxBlocks = 4096;

WireOutcome outcome_of_error_in(const ReplyJson& document, int status) {
  const json& error = member(document.root(), "error");
  VendorError found{.type = document.bytes_of(member(error, "type")),
                    .message = document.bytes_of(member(error, "message"))};
  if (found.message.empty()) found.message = found.type;
  return outcome_of_error(status, found);
}

Finish finish_of(const std::string& reason) {
  if (reason == "refusal") return Finish::refused;
  if (reason == "max_tokens" || reason == "model_context_window_exceeded") return Finish::length;
  return Finish::stop;  // end_turn, stop_sequence, and what this client never asks for
}

}  // namespace

// Redacted thinking is encrypted, and a block of thinking may be empty: both say that the model
// reasoned, and neither says what.
void AnthropicReading::take_block(const ReplyJson& document, const json& block) {
  const json& type = member(block, "type");
  if (type == "text") {
    take_text(document.bytes_of(member(block, "text")));
  } else if (type == "thinking") {
    thought_ = true;
    take_thinking(document.bytes_of(member(block, "thinking")));
  } else if (type == "redacted_thinking") {
    thought_ = true;
  }
}

void AnthropicReading::take_message(const ReplyJson& document, const json& message) {
  if (reply_.request_id.empty()) reply_.request_id = document.bytes_of(member(message, "id"));
  if (reply_.model_version.empty()) {
    reply_.model_version = document.bytes_of(member(message, "model"));
  }
  take_usage(member(message, "usage"));
}

// Each count is of the whole reply so far: message_start has the first, message_delta the last, and
// the last one holds.
void AnthropicReading::take_usage(const json& usage) {
  auto take = [&](std::string_view key, std::uint64_t& into) {
    const json& value = member(usage, key);
    if (value.is_number()) into = count_of(value);
  };
  take("input_tokens", fresh_input_);
  take("cache_read_input_tokens", reply_.usage.cached_prompt);
  take("cache_creation_input_tokens", reply_.usage.cache_written);
  take("output_tokens", reply_.usage.generated);
}

void AnthropicReading::take_stop_reason(std::string reason) {
  if (!reason.empty()) stop_reason_ = std::move(reason);
}

WireOutcome AnthropicReading::conclude() {
  WireOutcome outcome;
  outcome.reply_id = reply_.request_id;
  reply_.finish = finish_of(stop_reason_);
  // This vendor counts what the cache gave and took beside its input.
  reply_.usage.prompt = fresh_input_ + reply_.usage.cached_prompt + reply_.usage.cache_written;
  if (!reply_.reasoning.empty()) {
    reply_.reasoning_channel = ReasoningChannel::present;
  } else if (thought_) {
    reply_.reasoning_channel = ReasoningChannel::unavailable;
  }
  outcome.replies.push_back(std::move(reply_));
  return outcome;
}

WireOutcome read_anthropic_reply(std::string_view body) {
  try {
    ReplyJson document(body, "the reply");
    const json& root = document.root();
    if (!member(root, "error").is_null()) return outcome_of_error_in(document, 0);
    const json& content = member(root, "content");
    if (!content.is_array()) {
      return broken_reply("expected \"content\" as an array in the reply, found none");
    }
    AnthropicReading reading;
    reading.take_message(document, root);
    for (const json& block : content) reading.take_block(document, block);
    reading.take_stop_reason(document.bytes_of(member(root, "stop_reason")));
    return reading.conclude();
  } catch (const Error& error) {
    return not_json(body, error.what());
  }
}

WireOutcome read_anthropic_error(int status, std::string_view body) {
  try {
    ReplyJson document(body, "the error");
    if (member(document.root(), "error").is_object()) return outcome_of_error_in(document, status);
  } catch (const Error&) {
    // A proxy's page: shown as it is.
  }
  return outcome_of_error(status, {.message = excerpt_of(body)});
}

void AnthropicStream::take(const SseEvent& event) {
  const ReplyJson document(event.data, "an event of the reply");
  const json& root = document.root();
  const json& type = member(root, "type");
  if (type == "message_start") {
    start_message(document);
  } else if (type == "content_block_start") {
    start_block(document);
  } else if (type == "content_block_delta") {
    take_delta(document);
  } else if (type == "content_block_stop") {
    // All indices beyond the limit share one entry, so that a hostile stream cannot grow the map.
    blocks_[std::min<std::uint64_t>(count_of(member(root, "index")), kMaxBlocks)] = Block::closed;
  } else if (type == "message_delta") {
    reading_.take_stop_reason(document.bytes_of(member(member(root, "delta"), "stop_reason")));
    reading_.take_usage(member(root, "usage"));
  } else if (type == "message_stop") {
    end();
  } else if (type == "error" || !member(root, "error").is_null()) {
    fail(outcome_of_error_in(document, 0));
  }  // pings, and events that are newer than this client
}

void AnthropicStream::start_message(const ReplyJson& document) {
  const json& message = member(document.root(), "message");
  std::string id = document.bytes_of(member(message, "id"));
  if (has_message_ && id != reading_.id()) {
    fail(broken_reply(fmt::format("a chunk of reply {} came in the stream of reply {}",
                                  excerpt_of(id), excerpt_of(reading_.id()))));
    return;
  }
  has_message_ = true;
  reading_.take_message(document, message);
}

void AnthropicStream::start_block(const ReplyJson& document) {
  std::uint64_t index = count_of(member(document.root(), "index"));
  if (index >= kMaxBlocks || !blocks_.emplace(index, Block::open).second) {
    fail(broken_reply(fmt::format("block {} of the reply began twice or is beyond the {} allowed",
                                  index, kMaxBlocks)));
    return;
  }
  const json& block = member(document.root(), "content_block");
  reading_.take_block(document, block);
  if (member(block, "type") == "text") pass_on(document.bytes_of(member(block, "text")));
}

void AnthropicStream::take_delta(const ReplyJson& document) {
  auto block = blocks_.find(count_of(member(document.root(), "index")));
  if (block == blocks_.end() || block->second == Block::closed) {
    fail(
        broken_reply("a piece of the reply belongs to no open block: it was sent twice or lost "
                     "its beginning"));
    return;
  }
  const json& delta = member(document.root(), "delta");
  const json& type = member(delta, "type");
  if (type == "text_delta") {
    std::string text = document.bytes_of(member(delta, "text"));
    reading_.take_text(text);
    pass_on(text);
  } else if (type == "thinking_delta") {
    reading_.take_thinking(document.bytes_of(member(delta, "thinking")));
  }
}

void AnthropicStream::pass_on(const std::string& text) {
  if (on_text_ && !text.empty()) on_text_(text);
}

WireOutcome AnthropicStream::take_document(std::string_view body) {
  WireOutcome outcome = read_anthropic_reply(body);
  if (!outcome.replies.empty()) pass_on(outcome.replies[0].text);
  return outcome;
}

WireOutcome AnthropicStream::conclude() {
  if (!has_message_ || (!has_ended() && !reading_.has_stop_reason())) {
    return broken_reply("the stream ended before the reply did");
  }
  return reading_.conclude();
}

}  // namespace iago
