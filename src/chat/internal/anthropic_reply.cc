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
// Kinds of events that are not known are passed over: the vendor adds to them. Blocks that are not
// known and hold text are named (message_parts.h).
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "chat/internal/anthropic_wire.h"
#include "chat/internal/finish_reason.h"
#include "chat/internal/wire_failure.h"

namespace iago {
namespace {

using nlohmann::json;

// A reply has a few. Bounds blocks_.
constexpr std::size_t kMaxBlocks = 4096;
constexpr std::size_t kMostIdleEvents = 100'000;  // the server sends one a token, and pings

WireOutcome outcome_of_error_in(const ReplyJson& document) {
  return outcome_of_error(0, vendor_error_in(document, document.root()));
}

}  // namespace

std::string AnthropicReading::take_part(const ReplyJson& document, const json& part) {
  const std::size_t before = parts_.text.size();
  read_content_part(document, part, parts_);
  return parts_.text.substr(before);
}

void AnthropicReading::take_message(const ReplyJson& document, const json& message) {
  if (reply_.request_id.empty()) reply_.request_id = document.bytes_of(member(message, "id"));
  if (reply_.model_version.empty()) {
    reply_.model_version = document.bytes_of(member(message, "model"));
  }
  // Each count is of the whole reply so far: message_start has the first, message_delta the last.
  usage_.take(member(message, "usage"));
}

std::optional<WireOutcome> AnthropicReading::take_stop(const ReplyJson& document,
                                                       const json& message) {
  const json& details = member(message, "stop_details");
  for (std::string_view key : {"explanation", "category"}) {
    if (explanation_.empty()) explanation_ = document.bytes_of(member(details, key));
  }
  std::string reason = document.bytes_of(member(message, "stop_reason"));
  if (finish_key(reason).empty()) return std::nullopt;
  const std::string& before = reply_.finish_reason;
  if (before.empty()) {
    reply_.finish_reason = std::move(reason);
  } else if (meaning_of_finish(before, words_) != meaning_of_finish(reason, words_)) {
    return broken_reply(fmt::format("the reply ended twice, by \"{}\" and by \"{}\"",
                                    excerpt_of(before), excerpt_of(reason)));
  }
  return std::nullopt;
}

WireOutcome AnthropicReading::conclude(bool heard) {
  const TokenUsage usage = usage_.conclude(true, !parts_.text.empty() || !parts_.reasoning.empty());
  if (auto failure = decide_finish(reply_, words_)) {
    failure->failure->usage = usage;
    return *failure;
  }
  WireOutcome outcome;
  outcome.reply_id = reply_.request_id;
  reply_.usage = usage;
  reply_.text = parts_.text;
  if (reply_.finish == Finish::refused) reply_.provider_message = excerpt_of(explanation_);
  decide_reasoning(reply_, parts_, usage_.counts_reasoning());
  split_thinking(reply_, heard);
  outcome.replies.push_back(std::move(reply_));
  return outcome;
}

WireOutcome read_anthropic_reply(std::string_view body, const FinishWords& words) {
  try {
    ReplyJson document(body, "the reply");
    const json& root = document.root();
    if (root.is_array() || !member(root, "error").is_null()) return outcome_of_error_in(document);
    const json& content = member(root, "content");
    if (!content.is_array()) {
      return broken_reply("expected \"content\" as an array in the reply, found none");
    }
    AnthropicReading reading(words);
    reading.take_message(document, root);
    for (const json& block : content) reading.take_part(document, block);
    reading.take_stop(document, root);
    return reading.conclude(false);
  } catch (const Error& error) {
    return not_json(body, error.what());
  }
}

AnthropicStream::AnthropicStream(Wire::OnText on_text, const FinishWords& words)
    : words_(words),
      reading_(words),
      filter_(on_text ? on_text : [](std::string_view) {}),
      listening_(on_text != nullptr) {}

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
    take_message_delta(document);
  } else if (type == "message_stop") {
    end();
  } else if (type == "error" || !member(root, "error").is_null()) {
    fail(outcome_of_error_in(document));
  }  // pings, and events that are newer than this client
  if (++idle_events_ > kMostIdleEvents) {
    fail(broken_reply(
        fmt::format("the stream brought {} events without any text", kMostIdleEvents)));
  }
}

void AnthropicStream::take_message_delta(const ReplyJson& document) {
  reading_.take_usage(member(document.root(), "usage"));
  if (auto failure = reading_.take_stop(document, member(document.root(), "delta"))) {
    fail(*failure);
  }
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
  pass_on(reading_.take_part(document, member(document.root(), "content_block")));
}

void AnthropicStream::take_delta(const ReplyJson& document) {
  auto block = blocks_.find(count_of(member(document.root(), "index")));
  if (block == blocks_.end() || block->second == Block::closed) {
    fail(
        broken_reply("a piece of the reply belongs to no open block: it was sent twice or lost "
                     "its beginning"));
    return;
  }
  const std::size_t before = reading_.held_bytes();
  pass_on(reading_.take_part(document, member(document.root(), "delta")));
  if (reading_.held_bytes() > before) idle_events_ = 0;
}

void AnthropicStream::pass_on(const std::string& text) {
  if (listening_ && !text.empty()) filter_.feed(text);
}

WireOutcome AnthropicStream::take_document(std::string_view body) {
  WireOutcome outcome = read_anthropic_reply(body, words_);
  if (outcome.replies.empty()) return outcome;
  pass_on(outcome.replies[0].text);
  if (listening_) filter_.finish();
  return outcome;
}

WireOutcome AnthropicStream::conclude() {
  if (!has_message_) return broken_reply("the stream ended before the reply did");
  if (!has_ended() && !reading_.has_stop_reason() && !words_.contains(std::string_view())) {
    return unfinished_stream();
  }
  if (listening_) filter_.finish();
  WireOutcome outcome = reading_.conclude(filter_.passed_any());
  outcome.is_streamed = true;
  return outcome;
}

}  // namespace iago
