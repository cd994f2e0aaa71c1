#include "cli/internal/interrupt.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "cli/internal/streams.h"

namespace iago {
namespace {

constexpr std::chrono::seconds kGrace{5};
constexpr int kWatched[] = {SIGINT, SIGTERM, SIGHUP};

std::atomic<int> signals_caught{0};
std::atomic<bool> hung_up{false};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

void count_signal(int signal) {
  if (signal == SIGHUP && hung_up.exchange(true)) return;
  signals_caught.fetch_add(1);
}

}  // namespace

InterruptGuard::InterruptGuard(std::string besides) : besides_(std::move(besides)) {
  signals_caught = 0;
  hung_up = false;
  struct sigaction action {};
  action.sa_handler = count_signal;
  action.sa_flags = SA_RESTART;
  for (int i = 0; i < 3; ++i) {
    sigaction(kWatched[i], nullptr, &before_[i]);
    if (before_[i].sa_handler != SIG_IGN) sigaction(kWatched[i], &action, nullptr);
  }
  thread_ = std::thread([this] { watch(); });
  sigset_t watched;
  sigemptyset(&watched);
  for (int signal : kWatched) sigaddset(&watched, signal);
  pthread_sigmask(SIG_BLOCK, &watched, &mask_before_);
}

InterruptGuard::~InterruptGuard() {
  closing_ = true;
  thread_.join();
  pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
  for (int i = 0; i < 3; ++i) sigaction(kWatched[i], &before_[i], nullptr);
}

void InterruptGuard::watch() {
  using Clock = std::chrono::steady_clock;
  Clock::time_point deadline = Clock::time_point::max();
  while (!closing_) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    int caught = signals_caught;
    if (caught > 0 && !no_more_.stop_requested()) {
      print_stderr(fmt::format(
          "\nstopping: {}running requests have {} s to finish; interrupt again to stop at once\n",
          besides_, kGrace.count()));
      deadline = Clock::now() + kGrace;
      no_more_.request_stop();
    }
    if (caught > 1) insisted_.request_stop();
    if (caught > 1 || Clock::now() >= deadline) at_once_.request_stop();
  }
}

}  // namespace iago
