// iago serve
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/tell.h"
#include "models/subject.h"
#include "serve/chat_server.h"

namespace iago {
namespace {

constexpr std::size_t kMaxTokenBytes = 4096;
constexpr rlim_t kOtherFiles = 128;  // the checkpoint's, the log's, the model's own
constexpr const char* kTokenVariable = "IAGO_SERVE_TOKEN";

// A token's file ends in a new line more often than not.
std::string without_end_of_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

// Empty: none. One that is named and empty is a mistake and not "none".
std::string read_token(const ServeArguments& arguments) {
  const char* variable = std::getenv(kTokenVariable);
  if (arguments.token_file.empty() && variable == nullptr) return {};
  const bool from_file = !arguments.token_file.empty();
  std::string token =
      without_end_of_line(from_file ? read_file(arguments.token_file, kMaxTokenBytes) : variable);
  if (token.empty()) {
    throw Error(ErrorCode::invalid,
                fmt::format("the token in {} is empty",
                            from_file ? arguments.token_file.string() : kTokenVariable),
                "make one with: openssl rand -hex 32");
  }
  return token;
}

// What stands behind the colon, and of a path its last part.
std::string served_name(const std::string& subject) {
  std::string name = subject.substr(subject.find(':') + 1);
  while (name.size() > 1 && name.back() == '/') name.pop_back();
  const auto slash = name.rfind('/');
  return slash == std::string::npos ? name : name.substr(slash + 1);
}

// Every connection is an open file, and shells allow 1,024 of them.
void raise_file_limit(std::size_t connections) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t wanted = std::min<rlim_t>(limit.rlim_max, connections + kOtherFiles);
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = wanted;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

void say_ready(const ChatServer& server, const std::string& name, Output output) {
  const bool bracketed = server.host().find(':') != std::string::npos;
  const std::string host = bracketed ? "[" + server.host() + "]" : server.host();
  if (output == Output::json) {
    fmt::print("{}\n", dump_json({{"host", server.host()},
                                  {"port", server.port()},
                                  {"url", fmt::format("http://{}:{}/v1", host, server.port())},
                                  {"model", name}}));
    std::fflush(stdout);
  }
  tell(fmt::format("serving {} on http://{}:{}/v1 (Ctrl-C stops)\n", name, host, server.port()));
}

void wait_for(const std::stop_token& token) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait(lock, token, [] { return false; });
}

}  // namespace

int serve_command(const ServeArguments& arguments, const Context& context) {
  InterruptGuard interrupt;
  SystemClock clock;
  ChatServerOptions options{.http = {.host = arguments.host,
                                     .port = arguments.port,
                                     .max_connections = arguments.max_connections},
                            .model = served_name(arguments.model),
                            .token = read_token(arguments),
                            .max_waiting = arguments.max_waiting,
                            .limits = {}};
  raise_file_limit(arguments.max_connections);
  auto model = open_subject(
      arguments.model, {.organisms = context.data / "organisms", .threads = arguments.threads});
  ChatServer server(*model, options, clock);
  say_ready(server, options.model, arguments.output);
  wait_for(interrupt.no_more());
  server.stop(std::chrono::milliseconds(std::llround(arguments.grace_s * 1000)),
              interrupt.at_once());
  return 0;
}

}  // namespace iago
