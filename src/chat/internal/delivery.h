// Delivery: hands replies to their callbacks from one thread, each when it is due. Private to the
// room; the scripted model's clock is the machine's, since its delays are there to be felt.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "chat/chat_model.h"

namespace iago {

// Thread-safe. The destructor delivers what is still pending as cancelled and returns when the last
// callback has.
class Delivery {
 public:
  Delivery();
  ~Delivery();

  // `done` gets the reply after `delay`, or a cancelled one soon after `stop` is requested if that
  // comes first. Replies that are due at once come in the order of their submission.
  void add(ChatReply reply, std::chrono::milliseconds delay, std::stop_token stop,
           ChatModel::Done done);

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Parcel;
  struct DueLater {
    bool operator()(const std::unique_ptr<Parcel>& a, const std::unique_ptr<Parcel>& b) const;
  };

  void run();
  std::vector<std::unique_ptr<Parcel>> take_ready();  // mutex_ held
  void wake_for_stop();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Parcel>> pending_;  // a heap, the first due in front
  std::uint64_t added_ = 0;
  bool stop_requested_ = false;  // by some parcel's stop token, not yet looked into
  bool closing_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace iago
