// A program started as a child on a terminal of its own, which can be hung up.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "child_process.h"

namespace iago {

// Killed when it goes out of scope before it has ended.
class ChildOnTerminal {
 public:
  // Starts arguments[0] in `folder` with IAGO_HOME set, the leader of its terminal's session.
  ChildOnTerminal(const std::vector<std::string>& arguments, const std::filesystem::path& folder,
                  const std::string& home) {
    std::vector<char*> argv;
    for (const std::string& argument : arguments)
      argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    pid_ = ::forkpty(&terminal_, nullptr, nullptr, nullptr);
    if (pid_ != 0) {
      EXPECT_GT(pid_, 0) << "no terminal";
      ::fcntl(terminal_, F_SETFL, O_NONBLOCK);
      ::fcntl(terminal_, F_SETFD, FD_CLOEXEC);
      return;
    }
    take_signals_by_default();
    ::setenv("IAGO_HOME", home.c_str(), 1);
    if (::chdir(folder.c_str()) == 0) ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  ~ChildOnTerminal() {
    hang_up();
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ChildOnTerminal(const ChildOnTerminal&) = delete;
  ChildOnTerminal& operator=(const ChildOnTerminal&) = delete;

  // What was written on the terminal since the last call, which has to come often enough: a program
  // waits for a terminal that nobody reads.
  std::string said() {
    std::string text(std::size_t{1} << 16, ' ');
    const ssize_t count = ::read(terminal_, text.data(), text.size());
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
  }

  // As if a person pressed these keys.
  void type(std::string_view keys) {
    EXPECT_EQ(::write(terminal_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  }

  // The terminal goes away: the system sends SIGHUP, and whoever writes to it fails with EIO.
  void hang_up() {
    if (terminal_ >= 0) ::close(terminal_);
    terminal_ = -1;
  }

  // The exit code, or 128 + signal.
  int wait() {
    int status = 0;
    EXPECT_EQ(::waitpid(pid_, &status, 0), pid_);
    pid_ = -1;
    return exit_code_of(status);
  }

 private:
  int terminal_ = -1;
  pid_t pid_ = -1;
};

}  // namespace iago
