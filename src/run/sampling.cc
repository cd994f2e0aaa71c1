// One thread sends; the model's threads bring replies; InFlight stands between them. The sending
// thread waits for one of `in_flight` places, submits, and at the end waits until all places are
// free.
//
// InFlight lives on the sending thread's stack and the model's callbacks refer to it. So nothing
// may leave sample_trials before every submitted request has been answered, whatever goes wrong: an
// error is kept, its request gives its place back, and it is thrown only by wait_for_all.
//
// How it ends. `no_more`: nothing new is sent, running requests finish. An error of `take`,
// of `tick` or of the model: the same, but after `grace` the running requests are stopped, because
// they may take minutes and their replies will hardly be used. `at_once`: they are stopped now. In
// each case `take` still gets every reply, since they were paid for.
#include "run/sampling.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <set>
#include <string>
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
  InFlight(const SamplingLimits& limits, const Clock& clock, std::stop_source end,
           const std::function<void(SampledTrial)>& take)
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

  void reply(SampledTrial sampled) {
    std::lock_guard lock(mutex_);
    try {
      take_(std::move(sampled));
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

  const SamplingLimits& limits_;
  const Clock& clock_;
  std::stop_source end_;
  const std::function<void(SampledTrial)>& take_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t running_ = 0;
  std::exception_ptr error_;  // the first
  std::chrono::nanoseconds broken_at_{0};
  std::stop_callback<std::function<void()>> wake_;
};

// An arm's trials share the long beginning of their prompts, which a provider's cache holds once it
// has read it. Sent all at once, each would be read afresh and paid in full. Moves the first trial
// of each arm of each wording to the front; returns how many those are.
std::size_t put_first_of_arms_first(const Plan& plan, std::vector<std::size_t>& trials) {
  std::set<WordingArm> met;
  auto is_first = [&](std::size_t index) {
    const PlannedPrompt& prompt = plan.prompt_of(plan.trials[index]);
    return met.insert({prompt.wording, prompt.arm}).second;
  };
  std::vector<std::size_t> firsts, others;
  for (std::size_t index : trials) (is_first(index) ? firsts : others).push_back(index);
  trials = firsts;
  trials.insert(trials.end(), others.begin(), others.end());
  return firsts.size();
}

}  // namespace

void sample_trials(const Plan& plan, const Sampling& sampling, std::uint64_t seed,
                   const std::vector<std::size_t>& trials, ChatModel& model,
                   const SamplingLimits& limits, const Clock& clock,
                   const std::function<void(SampledTrial)>& take,
                   const std::function<void()>& tick) {
  // The model's requests end when the caller says so or some time after an error.
  std::stop_source end;
  InFlight in_flight(limits, clock, end, take);
  std::stop_callback on_abort(limits.at_once, [&] { end.request_stop(); });
  auto last_tick = clock.steady();
  auto send = [&](std::size_t index) {
    if (!in_flight.wait_for_room(tick)) return false;
    auto sent = clock.steady();
    try {
      model.submit(request_of(plan, plan.trials[index], sampling, seed), end.get_token(),
                   [&in_flight, &clock, index, sent](ChatReply reply) {
                     in_flight.reply({index, std::move(reply), seconds_since(clock, sent)});
                   });
    } catch (...) {
      in_flight.fail(std::current_exception());
      return false;
    }
    if (clock.steady() - last_tick > kTick) {
      last_tick = clock.steady();
      in_flight.call(tick);
    }
    return true;
  };
  auto order = trials;
  if (model.info().caches_prompts) {
    const std::size_t firsts = put_first_of_arms_first(plan, order);
    if (std::all_of(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(firsts), send)) {
      in_flight.wait_for_all(tick);
      std::all_of(order.begin() + static_cast<std::ptrdiff_t>(firsts), order.end(), send);
    }
  } else {
    std::all_of(order.begin(), order.end(), send);
  }
  in_flight.wait_for_all(tick);
}

}  // namespace iago
