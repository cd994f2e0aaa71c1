// Replies and errors by the protocol of openai: whatever the bytes, replies or a failure, never an
// exception; and of a stream the same in any cut.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "chat/internal/wire.h"

namespace {

void check(const iago::WireOutcome& outcome) {
  IAGO_CHECK(outcome.replies.empty() == outcome.failure.has_value(), "replies or a failure");
  for (const iago::ChatReply& reply : outcome.replies) {
    IAGO_CHECK(reply.token_texts.size() == reply.token_logprobs.size(), "tokens");
    IAGO_CHECK(
        reply.reasoning.empty() || reply.reasoning_channel == iago::ReasoningChannel::present,
        reply.reasoning);
  }
}

std::string read_stream(const iago::Wire& wire, std::string_view body, std::size_t piece_bytes) {
  std::string heard;
  auto stream = wire.stream([&](std::string_view text) { heard += text; });
  for (std::size_t at = 0; at < body.size(); at += piece_bytes) {
    stream->feed(body.substr(at, piece_bytes));
  }
  iago::WireOutcome outcome = stream->finish();
  check(outcome);
  return outcome.failure ? "failed" : heard + "|" + outcome.replies.front().text;
}

}  // namespace

// The first byte is the size of the pieces.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  static const auto wire = iago::make_openai_wire();
  std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  check(wire->read(body));
  check(wire->read_error(400 + data[0] % 200, body));
  std::string whole = read_stream(*wire, body, body.size());
  IAGO_CHECK(read_stream(*wire, body, 1 + data[0]) == whole, whole);
  return 0;
}
