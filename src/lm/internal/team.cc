// Every helper takes part in every round, also in one that has no work for it: so the caller knows
// that nobody reads work_ when it returns.
#include "lm/internal/team.h"

#include <fmt/format.h>

#include <system_error>
#include <utility>

#include "base/error.h"

namespace iago {
namespace {

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Until the value is no longer `old`. Some microseconds in a loop, since waking a thread takes as
// long; no longer, since on a busy machine it is another's time that is lost.
void wait_while(const std::atomic<std::uint32_t>& value, std::uint32_t old) {
  constexpr int kTurns = 500;
  for (int turn = 0; turn < kTurns; ++turn) {
    if (value.load(std::memory_order_acquire) != old) return;
    pause();
  }
  value.wait(old, std::memory_order_acquire);
}

}  // namespace

void MeetingPoint::wait() {
  const std::uint32_t round = round_.load(std::memory_order_acquire);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 < threads_) {
    while (round_.load(std::memory_order_acquire) == round) wait_while(round_, round);
    return;
  }
  arrived_.store(0, std::memory_order_relaxed);
  round_.store(round + 1, std::memory_order_release);
  round_.notify_all();
}

Team::Team(std::size_t size) : thrown_(size) {
  try {
    for (std::size_t member = 1; member < size; ++member) {
      helpers_.emplace_back([this, member] { help(member); });
    }
  } catch (const std::system_error& error) {
    stop();
    throw Error(ErrorCode::overloaded,
                fmt::format("{} threads to compute with: {}", size, error.what()),
                "ask for fewer with --threads");
  }
}

Team::~Team() { stop(); }

void Team::stop() {
  closing_ = true;
  round_.fetch_add(1);
  round_.notify_all();
  for (std::thread& helper : helpers_) helper.join();
  helpers_.clear();
}

void Team::run(std::size_t members, const std::function<void(std::size_t)>& work) {
  if (members <= 1 || helpers_.empty()) return work(0);
  work_ = &work;
  members_ = members;
  busy_.store(static_cast<std::uint32_t>(helpers_.size()), std::memory_order_relaxed);
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  call(0);
  for (std::uint32_t busy; (busy = busy_.load(std::memory_order_acquire)) > 0;) {
    wait_while(busy_, busy);
  }
  std::exception_ptr first;
  for (std::exception_ptr& thrown : thrown_) {
    if (std::exception_ptr one = std::exchange(thrown, nullptr); one && !first) first = one;
  }
  if (first) std::rethrow_exception(first);
}

void Team::call(std::size_t member) {
  try {
    if (member < members_) (*work_)(member);
  } catch (...) {
    thrown_[member] = std::current_exception();
  }
}

void Team::help(std::size_t member) {
  for (std::uint32_t seen = 0;; ++seen) {
    while (round_.load(std::memory_order_acquire) == seen) wait_while(round_, seen);
    if (closing_) return;
    call(member);
    if (busy_.fetch_sub(1, std::memory_order_acq_rel) == 1) busy_.notify_all();
  }
}

}  // namespace iago
