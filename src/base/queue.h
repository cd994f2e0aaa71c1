// Queue: hands entries from some threads to others, each when it is due, in the order of their due
// times (by default the order in which they came). It is bounded, and no call waits beyond a
// deadline, a stop token or the closing of the queue. It owns no thread and makes no callbacks; the
// clock is the caller's.
//
// It serves four habits: a worker that takes what is there (take()), one that has other work as
// well and takes what has come by a deadline (QueueBatch::patience), one that gathers entries into
// batches (QueueBatch::linger), and one that gives things out at their time (QueueEntry::delay).
//
// Thread-safe. It must outlive every call. No entry is destroyed under its lock.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <stop_token>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace iago {

// How much may wait at once. An entry heavier than `weight` is let in when nothing else waits.
struct QueueLimits {
  std::size_t entries = std::size_t{1} << 20;  // at least 1
  std::size_t weight = SIZE_MAX;               // of all entries together
};

// How an entry is to wait.
struct QueueEntry {
  std::size_t weight = 1;
  std::chrono::nanoseconds delay{0};  // due this long after it came
  bool urgent = false;                // while it waits, `take` does not linger
};

// What one call of `take` wants.
struct QueueBatch {
  static constexpr auto kForever = std::chrono::nanoseconds::max();

  std::size_t most = SIZE_MAX;  // entries
  // How long the call waits at most; 0: not at all.
  std::chrono::nanoseconds patience = kForever;
  // How long the first due entry waits for others, until there are `most` or half of the weight
  // that the queue may hold, or an urgent one.
  std::chrono::nanoseconds linger{0};
};

// Throws what Queue::add says.
[[noreturn]] void throw_refusal(bool closed, std::size_t waiting);

template <typename T>
class Queue {
 public:
  // The clock must outlive the queue.
  explicit Queue(const Clock& clock, QueueLimits limits = {})
      : clock_(clock), limits_{std::max<std::size_t>(limits.entries, 1), limits.weight} {}
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  // Adds an entry; waits while there is no room. False, and the entry is gone, if the queue is
  // closed or `stop` is requested first.
  bool push(T item, QueueEntry how = {}, std::stop_token stop = {}) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, stop, [&] { return closed_ || has_room(how.weight); });
    if (closed_ || !has_room(how.weight)) return false;
    insert(std::move(item), how);
    return true;
  }

  // The same without ever waiting. Error overloaded if there is no room, cancelled if it is closed.
  void add(T item, QueueEntry how = {}) {
    std::unique_lock lock(mutex_);
    if (!closed_ && has_room(how.weight)) return insert(std::move(item), how);
    throw_refusal(closed_, entries_.size());
  }

  // Takes entries that are due, oldest first; waits until there is one or the batch is complete. It
  // waits no longer once its patience has run out, `stop` is requested, `wake` is called or the
  // queue is closed, and then gives what is due, which may be nothing. A closed queue gives
  // everything, due or not; nothing from a closed queue means that nothing will come.
  std::vector<T> take(const QueueBatch& batch = {}, std::stop_token stop = {}) {
    std::vector<T> taken;
    std::unique_lock lock(mutex_);
    smallest_batch_ = std::min(smallest_batch_, batch.most);
    const Time deadline = after(clock_.steady(), batch.patience);
    for (;;) {
      const Time until = std::min(complete_at(batch), deadline);
      const bool hurried = std::exchange(woken_, false) || closed_ || stop.stop_requested();
      if (hurried || until <= clock_.steady()) break;
      sleep(lock, until, stop);
    }
    take_due(batch.most, taken);
    if (!taken.empty()) room_.notify_all();
    return taken;
  }

  // Takes out the entries for which `is_meant` (of a const T&) is true, due or not, in the order of
  // their due times. `is_meant` runs under the lock: it must not call the queue.
  template <typename Predicate>
  std::vector<T> take_if(Predicate is_meant) {
    std::vector<T> taken;
    std::lock_guard lock(mutex_);
    for (auto at = entries_.begin(); at != entries_.end();) {
      const auto here = at++;
      if (is_meant(std::as_const(here->second.item))) taken.push_back(remove(here));
    }
    if (!taken.empty()) room_.notify_all();
    return taken;
  }

  // Makes a `take` return that waits; if none does, the next one does not wait.
  void wake() {
    std::lock_guard lock(mutex_);
    woken_ = true;
    notify_takers();
  }

  // Nothing is let in from here on, and `take` gives what is there without waiting.
  void close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    notify_takers();
    room_.notify_all();
  }

  bool closed() const {
    std::lock_guard lock(mutex_);
    return closed_;
  }
  // Entries that wait, due or not.
  std::size_t size() const {
    std::lock_guard lock(mutex_);
    return entries_.size();
  }

 private:
  using Time = std::chrono::nanoseconds;  // of Clock::steady

  struct Waiting {
    T item;
    std::size_t weight;
    bool urgent;
  };
  // Equal due times stay in the order in which they were inserted.
  using Entries = std::multimap<Time, Waiting>;

  static Time after(Time start, Time delay) {
    return delay >= Time::max() - start ? Time::max() : start + delay;
  }

  // All below is called with the lock held.
  bool has_room(std::size_t weight) const {
    if (entries_.empty()) return true;
    return entries_.size() < limits_.entries && weight_ <= limits_.weight &&
           weight <= limits_.weight - weight_;
  }

  void insert(T item, const QueueEntry& how) {
    const auto at = entries_.emplace(after(clock_.steady(), how.delay),
                                     Waiting{std::move(item), how.weight, how.urgent});
    weight_ += how.weight;
    urgent_ += how.urgent ? 1 : 0;
    // Other entries change nothing for a taker that sleeps, and waking it for each would cost much.
    if (at == entries_.begin() || entries_.size() >= smallest_batch_ || is_pressing()) {
      notify_takers();
    }
  }

  T remove(typename Entries::iterator at) {
    T item = std::move(at->second.item);
    weight_ -= at->second.weight;
    urgent_ -= at->second.urgent ? 1 : 0;
    entries_.erase(at);
    return item;
  }

  void take_due(std::size_t most, std::vector<T>& taken) {
    const Time now = closed_ ? Time::max() : clock_.steady();
    while (taken.size() < most && !entries_.empty() && entries_.begin()->first <= now) {
      taken.push_back(remove(entries_.begin()));
    }
  }

  // An urgent entry waits, or so much weight that those who push may soon have to wait.
  bool is_pressing() const { return urgent_ > 0 || weight_ >= limits_.weight / 2; }

  // When a taker need not wait longer, unless something changes.
  Time complete_at(const QueueBatch& batch) const {
    if (entries_.empty()) return Time::max();
    const Time due = entries_.begin()->first;
    return entries_.size() >= batch.most || is_pressing() ? due : after(due, batch.linger);
  }

  // Until then, until something changes or the stop. A clock that is not the machine's has to be
  // looked at on the way.
  void sleep(std::unique_lock<std::mutex>& lock, Time until, std::stop_token stop) {
    changed_.wait_for(lock, stop, clock_.longest_sleep(until),
                      [&, seen = changes_] { return changes_ != seen; });
  }

  // All of them: they may want different things.
  void notify_takers() {
    ++changes_;
    changed_.notify_all();
  }

  const Clock& clock_;
  const QueueLimits limits_;

  // The lock guards all below. Between calls: weight_ and urgent_ are the sums over entries_; the
  // limits hold, unless one heavy entry waits alone; a closed queue only shrinks.
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;  // for takers: changes_ has grown
  std::condition_variable_any room_;     // for pushers
  Entries entries_;
  std::size_t weight_ = 0;
  std::size_t urgent_ = 0;
  std::size_t smallest_batch_ = SIZE_MAX;  // the smallest QueueBatch::most so far
  std::uint64_t changes_ = 0;              // that a sleeping taker has to look into
  bool woken_ = false;
  bool closed_ = false;
};

}  // namespace iago
