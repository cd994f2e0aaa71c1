// ask_many: sends many requests to a model, a limited number at a time, and passes every reply on.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <stop_token>

#include "base/clock.h"
#include "chat/chat_model.h"

namespace iago {

struct AskLimits {
  std::size_t in_flight = 1;  // the most requests at a time
  std::stop_token no_more;    // after this, nothing new is sent; running requests may finish
  std::stop_token at_once;    // after this, the model ends running requests
  // After an error, running requests (they are paid for) may finish for this time.
  std::chrono::nanoseconds grace = std::chrono::seconds(5);
};

struct AskedReply {
  std::size_t index = 0;  // of the request
  ChatReply reply;
  double seconds = 0;  // from sending to the reply
};

// Sends the requests 0 to count - 1 in this order, each made by `request` right before it is sent,
// and calls `take` for every reply, from the model's threads, one at a time. Calls `tick` in this
// thread some ten times a second. Returns when every reply that is due has come. What `request`,
// `take`, `tick` or the model throws ends the asking: nothing new is sent, the running requests
// have the limits' grace to finish, `take` still gets their replies (cancelled ones too), and the
// first error is thrown from here.
void ask_many(
    ChatModel& model, std::size_t count, const std::function<ChatRequest(std::size_t)>& request,
    const AskLimits& limits, const Clock& clock, const std::function<void(AskedReply)>& take,
    const std::function<void()>& tick = [] {});

}  // namespace iago
