// One thread sends; the model's threads bring replies; InFlight stands between them. The sending
// thread waits for one of `in_flight` places, submits, and at the end waits until all places are
// free.
//
// InFlight lives on the sending thread's stack and the model's callbacks refer to it. So nothing
// may leave ask_many before every submitted request has been answered, whatever goes wrong: an
// error is kept, its request gives its place back, and it is thrown only by wait_for_all.
//
// How it ends. `no_more`: nothing new is sent, running requests finish. An error of `take`,
// of `tick` or of the model: the same, but after `grace` the running requests are stopped, because
// they may take minutes and their replies will hardly be used. `at_once`: they are stopped now. In
// each case `take` still gets every reply, since they were paid for.
#include "chat/ask_many.h"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <utility>

namespace iago {
namespace {

constexpr std::chrono::milliseconds kTick{100};

// The requests under way. mutex_ guards all that changes: `running_`, the number of places taken,
// from wait_for_room until `reply` or `fail`; `error_`, set once, after which nothing more is sent.
// `take_` is called under it, which is how replies come one at a time.
class InFlight {
 public:
  // `end` is requested once an error's time of grace has passed.
  InFlight(const AskLimits& limits, const Clock& clock, std::stop_source end,
           const std::function<void(AskedReply)>& take)
      : limits_(limits),
        clock_(clock),
        end_(std::move(end)),
        take_(take),
        // Without the lock, so a wake-up can be lost; the wait then ends by its own time, kTick.
        wake_(limits.no_more, [this] { changed_.notify_all(); }) {}

  // Waits for room, calling `tick` on the way. False once nothing more is to be sent.
  bool wait_for_room(const std::function<void()>& tick) {
    std::unique_lock lock(mutex_);
    while (running_ >= limits_.in_flight && !is_over()) pause(lock, tick);
    if (is_over()) return false;
    ++running_;
    return true;
  }

  void wait_for_all(const std::function<void()>& tick) {
    std::unique_lock lock(mutex_);
    while (running_ > 0) {
      // The stop is asked for without the lock: a model may answer a stopped request in this very
      // thread.
      if (error_ && clock_.steady() - broken_at_ >= limits_.grace && !end_.stop_requested()) {
        lock.unlock();
        end_.request_stop();
        lock.lock();
      } else {
        pause(lock, tick);
      }
    }
    if (error_) std::rethrow_exception(error_);
  }

  void reply(AskedReply asked) {
    std::lock_guard lock(mutex_);
    try {
      take_(std::move(asked));
    } catch (...) {
      keep(std::current_exception());
    }
    --running_;
    changed_.notify_all();
  }

  // Its exceptions must not leave this object while requests are running, because their callbacks
  // still come here. They are kept like any other error.
  void call(const std::function<void()>& tick) {
    try {
      tick();
    } catch (...) {
      std::lock_guard lock(mutex_);
      keep(std::current_exception());
    }
  }

  // The request was not taken after all.
  void fail(std::exception_ptr error) {
    std::lock_guard lock(mutex_);
    keep(error);
    --running_;
  }

 private:
  void keep(std::exception_ptr error) {
    if (error_) return;
    error_ = error;
    broken_at_ = clock_.steady();
  }
  bool is_over() const { return error_ || limits_.no_more.stop_requested(); }
  void pause(std::unique_lock<std::mutex>& lock, const std::function<void()>& tick) {
    if (changed_.wait_for(lock, kTick) != std::cv_status::timeout) return;
    lock.unlock();
    call(tick);
    lock.lock();
  }

  const AskLimits& limits_;
  const Clock& clock_;
  std::stop_source end_;
  const std::function<void(AskedReply)>& take_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t running_ = 0;
  std::exception_ptr error_;  // the first
  std::chrono::nanoseconds broken_at_{0};
  std::stop_callback<std::function<void()>> wake_;
};

}  // namespace

void ask_many(ChatModel& model, std::size_t count,
              const std::function<ChatRequest(std::size_t)>& request, const AskLimits& limits,
              const Clock& clock, const std::function<void(AskedReply)>& take,
              const std::function<void()>& tick) {
  // The model's requests end when the caller says so or some time after an error.
  std::stop_source end;
  InFlight in_flight(limits, clock, end, take);
  std::stop_callback on_abort(limits.at_once, [&] { end.request_stop(); });
  auto last_tick = clock.steady();
  for (std::size_t index = 0; index < count && in_flight.wait_for_room(tick); ++index) {
    auto sent = clock.steady();
    try {
      model.submit(request(index), end.get_token(),
                   [&in_flight, &clock, index, sent](ChatReply reply) {
                     in_flight.reply({index, std::move(reply), seconds_since(clock, sent)});
                   });
    } catch (...) {
      in_flight.fail(std::current_exception());
      break;
    }
    if (clock.steady() - last_tick > kTick) {
      last_tick = clock.steady();
      in_flight.call(tick);
    }
  }
  in_flight.wait_for_all(tick);
}

}  // namespace iago
