#include "chat/internal/event_stream.h"

#include <utility>

#include "base/error.h"
#include "chat/internal/wire_failure.h"

namespace iago {
namespace {

constexpr std::size_t kShown = 400;  // bytes

}  // namespace

std::size_t held_bytes(const ChatReply& reply) {
  std::size_t bytes = reply.text.size() + reply.reasoning.size();
  bytes += reply.token_logprobs.size() * sizeof(float);
  // A token's text is seldom longer than a string holds in itself.
  return bytes + reply.token_texts.size() * sizeof(std::string);
}

void EventStream::feed(std::string_view bytes) {
  if (failure_ || ended_) return;
  if (!started_) {
    // A byte-order mark may stand in front, in pieces too: none of its bytes begins an event.
    const auto first = bytes.find_first_not_of(" \t\r\n\xef\xbb\xbf");
    if (first == std::string_view::npos) return;
    started_ = true;
    bytes.remove_prefix(first);
    is_document_ = bytes[0] == '{' || bytes[0] == '[' || bytes[0] == '<';
  }
  if (is_document_) {
    document_ += bytes;
    return;
  }
  if (!has_events_ && document_.size() < kShown) document_ += bytes.substr(0, kShown);
  try {
    events_.feed(bytes, [this](const SseEvent& event) { take_event(event); });
  } catch (const Error& error) {
    fail(broken_reply(error.what()));
  }
}

void EventStream::take_event(const SseEvent& event) {
  has_events_ = true;
  if (failure_ || ended_ || event.data.empty()) return;
  if (is_end(event)) return end();
  if (!event.id.empty() && event.id == last_event_id_) return;  // delivered twice
  last_event_id_ = event.id;
  try {
    take(event);
  } catch (const Error& error) {
    fail(not_json(event.data, error.what()));
  }
}

WireOutcome EventStream::finish() {
  if (is_document_) return take_document(document_);
  if (!failure_ && !ended_) events_.finish([this](const SseEvent& event) { take_event(event); });
  if (failure_) return *failure_;
  // Neither JSON nor events: a proxy's words.
  const bool is_other = !has_events_ && !document_.empty() && document_[0] != ':';
  return is_other ? not_json(document_, "neither JSON nor an event stream") : conclude();
}

}  // namespace iago
