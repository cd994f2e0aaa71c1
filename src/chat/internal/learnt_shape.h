// What an endpoint learns from its server about how to put a request: which fields it refuses, and
// whether it counts tokens in streams. Everything is learnt once and holds for all later requests.
// Not thread-safe. Private to the room.
#pragma once

#include <set>
#include <string>

#include "chat/chat_model.h"
#include "chat/internal/wire.h"

namespace iago {

class LearntShape {
 public:
  // Changes a shape to what is known so far.
  void apply(WireShape& shape) const;
  // Whether short replies are streamed where nobody asked for that.
  bool streams() const { return !asks_whole_; }

  // The server refused a request of this shape and with these fields in its body. True if the same
  // request, put anew by `apply`, is now without something that the server named.
  bool learn(const WireShape& shape, const std::set<std::string>& fields,
             const ChatRequest& request, const WireFailure& failure);
  // A reply came, streamed or whole, with its tokens counted or not.
  void learn_of_usage(bool streamed, bool counted);

  const std::set<std::string>& left_out() const { return left_out_; }

 private:
  bool leave_out(const std::string& field, const WireShape& shape, const ChatRequest& request);

  std::set<std::string> left_out_;
  int all_tokens_ = -1;  // the top_k that means all of them
  bool asks_whole_ = false;
  bool tried_whole_ = false;  // or need not try
};

// The sampling fields of a body, as a JSON object: without the texts and what changes from request
// to request.
std::string sampling_in(const Json& body);

}  // namespace iago
