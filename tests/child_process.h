// A program started as a child, its output in files: for tests that run the built executables.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/file.h"

namespace iago {

struct Ended {
  int code = -1;  // the exit code, or 128 + signal
  std::string out, err;
};

// Waits until `condition` holds; false after a minute.
inline bool eventually(const std::function<bool()>& condition) {
  auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

// In a child before exec: signals as a shell gives them to a command in the foreground. Under
// nohup, or in the background of a script, the tests themselves may be told to ignore some.
inline void take_signals_by_default() {
  for (int number : {SIGINT, SIGTERM, SIGHUP}) ::signal(number, SIG_DFL);
}

inline int exit_code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Killed when it goes out of scope before it has ended.
class ChildProcess {
 public:
  // Starts arguments[0] in `folder` with IAGO_HOME set; its output goes to files there.
  ChildProcess(const std::vector<std::string>& arguments, const std::filesystem::path& folder,
               const std::string& home) {
    static int number = 0;
    std::string name = "child-" + std::to_string(++number);
    out_ = folder / (name + ".out");
    err_ = folder / (name + ".err");
    std::vector<char*> argv;
    for (const std::string& argument : arguments)
      argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    // Made beforehand: threads of the test may hold the allocator's lock at the moment of the fork.
    std::string iago_home = "IAGO_HOME=" + home;
    std::vector<char*> environment = {iago_home.data()};
    for (char** variable = ::environ; *variable != nullptr; ++variable) {
      if (!std::string_view(*variable).starts_with("IAGO_HOME=")) environment.push_back(*variable);
    }
    environment.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ != 0) return;
    redirect(out_, 1);
    redirect(err_, 2);
    take_signals_by_default();
    if (::chdir(folder.c_str()) == 0) ::execve(argv[0], argv.data(), environment.data());
    ::_exit(127);
  }
  ~ChildProcess() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const { ::kill(pid_, number); }
  // False once it has ended by itself or by a signal; `wait` says how.
  bool running() const {
    siginfo_t ended{};
    return ::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           ended.si_pid == 0;
  }
  std::string out() const { return read_output(out_); }
  std::string err() const { return read_output(err_); }

  Ended wait() {
    int status = 0;
    EXPECT_EQ(::waitpid(pid_, &status, 0), pid_);
    pid_ = -1;
    return {.code = exit_code_of(status), .out = out(), .err = err()};
  }

 private:
  static constexpr std::size_t kMaxOutput = std::size_t{64} << 20;

  // Empty for a child that was killed before it could open the file.
  static std::string read_output(const std::filesystem::path& file) {
    return std::filesystem::exists(file) ? read_file(file, kMaxOutput) : std::string();
  }
  static void redirect(const std::filesystem::path& file, int descriptor) {
    int opened = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (opened < 0 || ::dup2(opened, descriptor) < 0) ::_exit(126);
  }

  std::filesystem::path out_, err_;
  pid_t pid_ = -1;
};

// What stands before a command whom the permissions of files are to stop: nothing, but for root
// setpriv, by which it gives up the right to override them and stays the owner of what is root's.
// Absent where it cannot. Uses `scratch`, a folder.
inline std::optional<std::vector<std::string>> stopped_by_permissions(
    const std::filesystem::path& scratch) {
  if (::geteuid() != 0) return std::vector<std::string>();
  const std::vector<std::string> without = {"/usr/bin/setpriv",
                                            "--bounding-set=-dac_override,-dac_read_search",
                                            "--inh-caps=-dac_override,-dac_read_search"};
  auto code_of = [&](const std::string& program, const std::string& file) {
    std::vector<std::string> command = without;
    command.insert(command.end(), {program, file});
    return ChildProcess(command, scratch, "").wait().code;
  };
  const std::filesystem::path sealed = scratch / "sealed";
  write_file(sealed, "read by root alone");
  std::filesystem::permissions(sealed, std::filesystem::perms::none);
  const bool holds = code_of("/bin/true", "") == 0 && code_of("/bin/cat", sealed) != 0;
  std::filesystem::remove(sealed);
  return holds ? std::optional(without) : std::nullopt;
}

}  // namespace iago
