// Runs a function in a process of its own, so that its processor time and memory are its own.
#pragma once

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <type_traits>

#include "base/error.h"

namespace iago::bench {

// Call it while this process has one thread. Error disconnected if the function threw; its message
// goes to standard error.
template <typename Function>
auto in_child(Function function) {
  using Result = decltype(function());
  static_assert(std::is_trivially_copyable_v<Result> && sizeof(Result) <= 4096);
  int ends[2];
  if (::pipe(ends) != 0) throw Error(ErrorCode::disconnected, "no pipe for a measured process");
  std::fflush(stdout);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::close(ends[0]);
    try {
      const Result result = function();
      if (::write(ends[1], &result, sizeof result) == sizeof result) ::_exit(0);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "measured process: %s\n", error.what());
    }
    ::_exit(1);
  }
  ::close(ends[1]);
  Result result{};
  const bool told = pid > 0 && ::read(ends[0], &result, sizeof result) == sizeof result;
  ::close(ends[0]);
  if (pid > 0) ::waitpid(pid, nullptr, 0);
  if (!told) throw Error(ErrorCode::disconnected, "a measured process failed");
  return result;
}

}  // namespace iago::bench
