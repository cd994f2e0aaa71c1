#include "chat/internal/reply_timer.h"

#include <functional>
#include <iterator>
#include <vector>

#include "chat/reply.h"

namespace iago {

struct ReplyTimer::Parcel {
  ChatReply reply;
  std::stop_token stop;
  ChatModel::Done done;
  // Wakes the thread. Destroyed by it, and under no lock: that waits for a running callback.
  std::unique_ptr<std::stop_callback<std::function<void()>>> on_stop;

  void cancel() {
    reply = {};
    reply.finish = Finish::failed;
    reply.failure = ChatFailure{ErrorCode::cancelled, "stopped before the reply was due"};
  }
};

ReplyTimer::ReplyTimer()
    : parcels_(clock_), thread_([this](std::stop_token closing) { run(closing); }) {}

ReplyTimer::~ReplyTimer() = default;

void ReplyTimer::add(ChatReply reply, std::chrono::milliseconds delay, std::stop_token stop,
                     ChatModel::Done done) {
  auto parcel = std::make_unique<Parcel>();
  parcel->reply = std::move(reply);
  parcel->stop = stop;
  parcel->done = std::move(done);
  if (delay.count() > 0 && stop.stop_possible()) {
    parcel->on_stop = std::make_unique<std::stop_callback<std::function<void()>>>(
        stop, [this] { look_for_stops(); });
  }
  parcels_.add(std::move(parcel), {.delay = delay});
  // A stop requested between the callback's making and here woke the thread too early.
  if (stop.stop_requested()) look_for_stops();
}

void ReplyTimer::look_for_stops() {
  stop_requested_ = true;
  parcels_.wake();
}

// Once the timer closes, all that waits goes out cancelled; the thread ends when nothing is
// left, since a callback may have added something.
void ReplyTimer::run(std::stop_token closing) {
  for (;;) {
    std::vector<std::unique_ptr<Parcel>> ready = parcels_.take({}, closing);
    const bool closes = closing.stop_requested();
    const auto is_stopped = [&](const std::unique_ptr<Parcel>& parcel) {
      return closes || parcel->stop.stop_requested();
    };
    if (stop_requested_.exchange(false) || closes) {
      std::ranges::move(parcels_.take_if(is_stopped), std::back_inserter(ready));
    }
    if (closes && ready.empty()) return;
    for (std::unique_ptr<Parcel>& parcel : ready) {
      if (is_stopped(parcel)) parcel->cancel();
      parcel->done(std::move(parcel->reply));
      parcel.reset();
    }
  }
}

}  // namespace iago
