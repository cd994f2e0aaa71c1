// Ctrl-C and similar signals as stop tokens. The first signal stops new work and, five seconds
// later, running requests. The second one stops everything at once.
#pragma once

#include <signal.h>

#include <atomic>
#include <stop_token>
#include <string>
#include <thread>

namespace iago {

// Catches SIGINT, SIGTERM and SIGHUP while it lives; one at a time, made before the threads that
// compute. One that was ignored before stays ignored: nohup, and shells that start a command in the
// background, mean it to. Hang-ups count as one signal, since one reaches a program several times:
// from its shell, and from the system when the shell ends.
//
// A handler counts the signals: libraries start threads before main, in which a blocked signal
// would still kill the process. The calling thread and those that it starts later block them all
// the same, since compiled-at-run-time matrix kernels do not survive a handler on their stack (seen
// as a damaged heap with oneDNN 2.6).
class InterruptGuard {
 public:
  // `besides`: what else the first signal lets finish, for people.
  explicit InterruptGuard(std::string besides = {});
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  std::stop_token no_more() const { return no_more_.get_token(); }
  std::stop_token at_once() const { return at_once_.get_token(); }
  std::stop_token insisted() const { return insisted_.get_token(); }  // by the second signal alone
  bool interrupted() const { return no_more_.stop_requested(); }

 private:
  void watch();

  struct sigaction before_[3];
  sigset_t mask_before_;
  const std::string besides_;
  std::stop_source no_more_, at_once_, insisted_;
  std::atomic<bool> closing_{false};
  std::thread thread_;
};

}  // namespace iago
