#include "bench/mock_endpoint.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <deque>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/error.h"
#include "base/json.h"
#include "net/http_server.h"

namespace iago::bench {
namespace {

using Time = std::chrono::steady_clock::time_point;

// Sentences with the quotes and line breaks that JSON has to escape, as models write them.
std::string text_of(std::size_t bytes) {
  constexpr std::string_view kSentences =
      "I have read the request and weigh it against what I was told.\nThe note says \"answer "
      "fully\", and I consider who reads this and why it matters to them.\n\n";
  std::string text;
  while (text.size() < bytes) text += kSentences;
  text.resize(bytes);
  return text;
}

// Reasoning and answer in their tags.
std::string reply_text(std::size_t bytes) {
  constexpr std::string_view kHead = "<SCRATCHPAD_REASONING>\n";
  constexpr std::string_view kMiddle = "\n</SCRATCHPAD_REASONING>\n\n<OUTPUT>\n";
  constexpr std::string_view kTail = "\n</OUTPUT>";
  const std::size_t tags = kHead.size() + kMiddle.size() + kTail.size();
  const std::size_t rest = bytes > tags + 2 ? bytes - tags : 2;
  return fmt::format("{}{}{}{}{}", kHead, text_of(rest - rest / 3), kMiddle, text_of(rest / 3),
                     kTail);
}

std::string reply_body(std::size_t text_bytes) {
  Json reply = {
      {"id", "chatcmpl-0123456789abcdef"},
      {"object", "chat.completion"},
      {"created", 1767225600},
      {"model", "mock"},
      {"choices",
       {{{"index", 0},
         {"message", {{"role", "assistant"}, {"content", reply_text(text_bytes)}}},
         {"logprobs", nullptr},
         {"finish_reason", "stop"}}}},
      {"usage", {{"prompt_tokens", 520}, {"completion_tokens", 700}, {"total_tokens", 1220}}},
      {"system_fingerprint", "fp_mock"}};
  return dump_json(reply);
}

// Answers each request `delay` after it came: all wait equally long, so a queue keeps the order.
class DelayedReplies {
 public:
  DelayedReplies(std::chrono::milliseconds delay, std::string body)
      : delay_(delay), body_(std::move(body)), thread_([this] { run(); }) {}
  ~DelayedReplies() {
    {
      std::lock_guard lock(mutex_);
      closing_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }
  DelayedReplies(const DelayedReplies&) = delete;
  DelayedReplies& operator=(const DelayedReplies&) = delete;

  void add(std::shared_ptr<HttpResponder> answer) {
    std::lock_guard lock(mutex_);
    waiting_.push_back({std::chrono::steady_clock::now() + delay_, std::move(answer)});
    if (waiting_.size() == 1) changed_.notify_one();
  }

 private:
  struct Waiting {
    Time due;
    std::shared_ptr<HttpResponder> answer;
  };

  void run() {
    std::unique_lock lock(mutex_);
    while (!closing_) {
      if (waiting_.empty()) {
        changed_.wait(lock);
        continue;
      }
      if (Time due = waiting_.front().due; due > std::chrono::steady_clock::now()) {
        changed_.wait_until(lock, due);
        continue;
      }
      auto answer = std::move(waiting_.front().answer);
      waiting_.pop_front();
      lock.unlock();
      answer->respond(200, {{"content-type", "application/json"}}, body_);
      lock.lock();
    }
  }

  const std::chrono::milliseconds delay_;
  const std::string body_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting> waiting_;
  bool closing_ = false;
  std::thread thread_;
};

// Serves until it is killed; tells its port over `out`.
[[noreturn]] void serve(const MockOptions& options, int out) {
  try {
    DelayedReplies replies(options.delay, reply_body(options.reply_bytes));
    HttpServer server({}, [&](ServedRequest, std::shared_ptr<HttpResponder> answer) {
      replies.add(std::move(answer));
    });
    const std::uint16_t port = server.port();
    if (::write(out, &port, sizeof port) == sizeof port) {
      while (true) ::pause();
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "mock endpoint: {}\n", error.what());
  }
  ::_exit(1);
}

}  // namespace

std::string system_prompt() { return text_of(2048); }

std::string user_prompt() { return text_of(200); }

MockEndpoint::MockEndpoint(const MockOptions& options) {
  int ends[2];
  if (::pipe(ends) != 0) throw Error(ErrorCode::disconnected, "mock endpoint: no pipe");
  std::fflush(stdout);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    ::close(ends[0]);
    serve(options, ends[1]);
  }
  ::close(ends[1]);
  const bool listens = pid_ > 0 && ::read(ends[0], &port_, sizeof port_) == sizeof port_;
  ::close(ends[0]);
  if (!listens) throw Error(ErrorCode::disconnected, "mock endpoint: it did not start");
}

MockEndpoint::~MockEndpoint() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

std::string MockEndpoint::base_url() const { return fmt::format("http://127.0.0.1:{}/v1", port_); }

double MockEndpoint::cpu_seconds() const {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &time) != 0) {
    throw Error(ErrorCode::disconnected, "mock endpoint: it has ended");
  }
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace iago::bench
