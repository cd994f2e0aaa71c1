// Event streams: whatever the bytes and the cuts, the same events as in one piece, or an
// iago::Error.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "net/sse.h"

namespace {

std::string events_of(std::string_view text, std::size_t piece_bytes) {
  std::string events;
  auto collect = [&](const iago::SseEvent& event) {
    events += event.event + "\x1f" + event.id + "\x1f" + event.data + "\x1e";
  };
  iago::SseParser parser(1 << 12);
  try {
    for (std::size_t at = 0; at < text.size(); at += piece_bytes) {
      parser.feed(text.substr(at, piece_bytes), collect);
    }
    parser.finish(collect);
  } catch (const iago::Error&) {
    return events + "too long";
  }
  return events;
}

}  // namespace

// The first byte is the size of the pieces.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::string whole = events_of(text, text.size());
  IAGO_CHECK(events_of(text, 1 + data[0]) == whole, whole);
  return 0;
}
