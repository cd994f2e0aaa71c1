// ReplyTimer: hands replies to their callbacks from one thread, each when it is due. Private to the
// room; the scripted model's clock is the machine's, since its delays are there to be felt.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <stop_token>
#include <thread>

#include "base/clock.h"
#include "base/queue.h"
#include "chat/chat_model.h"

namespace iago {

// Thread-safe. The destructor delivers what is still pending as cancelled and returns when the last
// callback has.
class ReplyTimer {
 public:
  ReplyTimer();
  ~ReplyTimer();

  // `done` gets the reply after `delay`, or a cancelled one soon after `stop` is requested if that
  // comes first. Replies that are due at once come in the order of their submission. Error
  // overloaded once a million wait.
  void add(ChatReply reply, std::chrono::milliseconds delay, std::stop_token stop,
           ChatModel::Done done);

 private:
  struct Parcel;

  void run(std::stop_token closing);
  void look_for_stops();

  const SystemClock clock_;
  Queue<std::unique_ptr<Parcel>> parcels_;
  std::atomic<bool> stop_requested_ = false;  // by some parcel's stop token, not yet looked into
  std::jthread thread_;                       // last: it uses all of the above
};

}  // namespace iago
