// Team: the calling thread and helpers that go through one piece of work together, in steps between
// which they wait for each other. For work of microseconds: who waits turns in a loop for a while
// before it sleeps.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <thread>
#include <vector>

namespace iago {

// Some threads meet here again and again. Thread-safe.
class MeetingPoint {
 public:
  explicit MeetingPoint(std::uint32_t threads) : threads_(threads) {}
  // Returns when `threads` calls have come, and what was written before any of them can be read.
  void wait();

 private:
  const std::uint32_t threads_;
  std::atomic<std::uint32_t> arrived_{0}, round_{0};
};

// One caller at a time.
class Team {
 public:
  // Starts size - 1 helpers. Error overloaded if the system has no thread to give.
  explicit Team(std::size_t size);
  ~Team();

  std::size_t size() const { return helpers_.size() + 1; }

  // Calls work(member) on `members` <= size() threads at once, 0 being the caller's own, and
  // returns when all have ended. What a member throws is thrown here, of several that of the first;
  // work that waits for other members must not throw.
  void run(std::size_t members, const std::function<void(std::size_t member)>& work);

 private:
  void stop();
  void help(std::size_t member);
  void call(std::size_t member);

  const std::function<void(std::size_t)>* work_ = nullptr;  // of the current round
  std::size_t members_ = 0;
  std::atomic<std::uint32_t> round_{0};
  std::atomic<std::uint32_t> busy_{0};  // helpers that have not ended the round
  std::atomic<bool> closing_{false};
  std::vector<std::exception_ptr> thrown_;  // by member
  std::vector<std::thread> helpers_;
};

}  // namespace iago
