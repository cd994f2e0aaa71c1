// EventStream: the body of a 2xx that was asked for as server-sent events, whatever the vendor.
// Also takes the one JSON document of a server that does not stream although it was asked to, or a
// proxy's page. Private to the room.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "chat/internal/wire.h"
#include "net/sse.h"

namespace iago {

// Bytes of memory that a reply's texts and log-probabilities take, about.
std::size_t held_bytes(const ChatReply& reply);

class EventStream : public WireStream {
 public:
  void feed(std::string_view bytes) final;
  std::size_t held_bytes() const final {
    return document_.size() + events_.held_bytes() + reading_bytes();
  }
  WireOutcome finish() final;

 protected:
  // Does the event say that there is no more to come?
  virtual bool is_end(const SseEvent&) const { return false; }
  // An event with data that was not delivered before. An Error says that the data is not JSON.
  virtual void take(const SseEvent& event) = 0;
  virtual WireOutcome take_document(std::string_view body) = 0;
  // What the events made, after the last of them; not called if one failed.
  virtual WireOutcome conclude() = 0;
  // Of what the events made so far.
  virtual std::size_t reading_bytes() const = 0;

  // From now on events are ignored.
  void end() { ended_ = true; }
  void fail(WireOutcome why) { failure_ = std::move(why); }
  bool has_ended() const { return ended_; }

 private:
  void take_event(const SseEvent& event);

  SseParser events_;
  std::string document_;  // a whole one, or the first bytes of a body without any event
  std::string last_event_id_;
  bool started_ = false, is_document_ = false, has_events_ = false, ended_ = false;
  std::optional<WireOutcome> failure_;
};

}  // namespace iago
