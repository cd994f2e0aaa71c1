// Server-sent events, read as they come (WHATWG HTML, "Server-sent events", section 9.2.6), in any
// cut: inside a line end, a field's name, or a character of several bytes. Bytes that are not UTF-8
// pass through as they are. Not thread-safe.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace iago {

struct SseEvent {
  std::string event;  // its type; empty if none was named ("message" by default)
  std::string data;   // the data lines joined by line feeds
  std::string id;     // of this event alone; empty if it has none
};

class SseParser {
 public:
  using OnEvent = std::function<void(const SseEvent&)>;

  // `max_event_bytes` bounds one event with its line under way.
  explicit SseParser(std::size_t max_event_bytes = std::size_t{16} << 20);

  // Calls `on_event` for each event that `bytes` end. Error invalid if one is too long; nothing may
  // be fed after that.
  void feed(std::string_view bytes, const OnEvent& on_event);
  // The stream is over. If the last event lacks its last line end or blank line, what came of it is
  // passed on. (The standard drops it, but some servers forget the last line feed.)
  void finish(const OnEvent& on_event);
  // Of the event and the line under way.
  std::size_t held_bytes() const { return line_.size() + event_bytes_; }

 private:
  void take_line(std::string_view line, const OnEvent& on_event);
  void dispatch(const OnEvent& on_event);

  std::size_t max_event_bytes_;
  std::string line_;  // under way
  SseEvent event_;
  std::size_t event_bytes_ = 0;
  bool has_data_ = false;
  bool after_return_ = false;  // the last byte was a carriage return: a line feed belongs to it
  bool first_line_ = true;     // may begin with a byte order mark
};

}  // namespace iago
