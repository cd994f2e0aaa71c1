#include "net/sse.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace iago {

SseParser::SseParser(std::size_t max_event_bytes) : max_event_bytes_(max_event_bytes) {}

void SseParser::feed(std::string_view bytes, const OnEvent& on_event) {
  while (!bytes.empty()) {
    if (after_return_) {
      after_return_ = false;
      if (bytes.front() == '\n') {
        bytes.remove_prefix(1);
        continue;
      }
    }
    auto end = bytes.find_first_of("\r\n");
    std::string_view part = bytes.substr(0, end);
    if (part.size() > max_event_bytes_ - std::min(max_event_bytes_, event_bytes_ + line_.size())) {
      throw Error(ErrorCode::invalid,
                  fmt::format("event stream: expected events of at most {} bytes, found more",
                              max_event_bytes_));
    }
    line_ += part;
    if (end == std::string_view::npos) return;
    after_return_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    std::string line;
    line.swap(line_);
    take_line(line, on_event);
  }
}

void SseParser::finish(const OnEvent& on_event) {
  if (!line_.empty()) {
    std::string line;
    line.swap(line_);
    take_line(line, on_event);
  }
  dispatch(on_event);
}

void SseParser::take_line(std::string_view line, const OnEvent& on_event) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (first_line_ && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  first_line_ = false;
  if (line.empty()) {
    dispatch(on_event);
    return;
  }
  auto colon = line.find(':');
  std::string_view field = line.substr(0, colon);
  std::string_view value =
      colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field.empty()) return;  // a comment: keeps the connection alive
  if (field == "data") {
    if (has_data_) event_.data += '\n';
    event_.data += value;
    has_data_ = true;
  } else if (field == "event") {
    event_.event = value;
  } else if (field == "id") {
    event_.id = value;
  } else {
    return;  // "retry" and what is unknown
  }
  event_bytes_ = event_.data.size() + event_.event.size() + event_.id.size();
}

void SseParser::dispatch(const OnEvent& on_event) {
  SseEvent event;
  std::swap(event, event_);
  event_bytes_ = 0;
  bool whole = has_data_;
  has_data_ = false;
  if (whole) on_event(event);
}

}  // namespace iago
