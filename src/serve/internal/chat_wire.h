// The replies' way to the wire: ChatReply as OpenAI's chat completion, whole or in chunks.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "chat/chat_model.h"

namespace iago {

// What every part of one answer repeats.
struct WireHead {
  std::string id;            // chatcmpl-...
  std::int64_t created = 0;  // seconds since 1970
  std::string model, fingerprint;
};

// The body of a whole answer: one choice per reply, in order. None of them is failed.
std::string render_completion(const WireHead& head, const std::vector<ChatReply>& replies);

// One line "data: {...}\n\n" of a stream. `usage_to_come`: the client asked for usage in the last
// chunk, so that all others say null.
class ChunkWriter {
 public:
  ChunkWriter(WireHead head, bool usage_to_come);

  std::string role(int choice) const;
  std::string text(int choice, std::string_view piece) const;
  // The whole reasoning of a choice; empty where there is none. A model tells it with its reply, so
  // that it comes behind the text.
  std::string reasoning(int choice, const ChatReply& reply) const;
  // Finish reason, and with it the log-probabilities of the whole choice if there are any.
  std::string finish(int choice, const ChatReply& reply) const;
  std::string usage(const std::vector<ChatReply>& replies) const;

 private:
  Json chunk(Json choices) const;
  WireHead head_;
  bool usage_to_come_;
  // There is one chunk of text per token. So only the choice and the text of its JSON are written
  // again; the rest is kept.
  std::string before_choice_, after_text_;
};

// "data: {...}\n\n" of anything.
std::string sse_event(std::string_view data);

}  // namespace iago
