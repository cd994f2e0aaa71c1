// iago serve
#include <fmt/format.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/internal/interrupt.h"
#include "cli/internal/model_endpoints.h"
#include "cli/internal/output_option.h"
#include "cli/internal/program.h"
#include "cli/internal/session_report.h"
#include "cli/internal/streams.h"
#include "cli/internal/threads_option.h"
#include "models/open_model.h"
#include "serve/chat_server.h"

namespace iago {
namespace {

constexpr std::size_t kMaxTokenBytes = 4096;
constexpr rlim_t kOtherFiles = 128;  // the checkpoint's, the log's, the model's own
constexpr const char* kTokenVariable = "IAGO_SERVE_TOKEN";

struct ServeArguments {
  std::string model;
  std::string host = "127.0.0.1";
  std::uint16_t port = 8321;         // 0 = any free one
  std::filesystem::path token_file;  // empty: IAGO_SERVE_TOKEN, or no token
  ThreadsOption threads;
  EndpointSettings checkpoint;  // its chat template alone
  std::size_t max_connections = 4096, max_waiting = 4096;
  double grace_s = 5;  // for answers under way when the server is stopped
  OutputOption output;
};

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

void say_ready(const ChatServer& server, const std::string& name, OutputOption output) {
  const bool bracketed = server.host().find(':') != std::string::npos;
  const std::string host = bracketed ? "[" + server.host() + "]" : server.host();
  if (output.json) {
    fmt::print("{}\n", dump_json({{"host", server.host()},
                                  {"port", server.port()},
                                  {"url", fmt::format("http://{}:{}/v1", host, server.port())},
                                  {"model", name}}));
    if (std::fflush(stdout) != 0) {
      throw Error(ErrorCode::disconnected,
                  fmt::format("the server's address cannot be written to standard output: {}",
                              std::strerror(errno)),
                  "leave --json out, or read standard output");
    }
  }
  print_stderr(
      fmt::format("serving {} on http://{}:{}/v1 (Ctrl-C stops)\n", name, host, server.port()));
}

void wait_for(const std::stop_token& token) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait(lock, token, [] { return false; });
}

// Serves the model until a signal stops it, which is its ordinary end.
int serve_command(const ServeArguments& arguments, const Context& context) {
  InterruptGuard interrupt;
  SystemClock clock;
  ChatServerOptions options{.http = {.host = arguments.host,
                                     .port = arguments.port,
                                     .max_connections = arguments.max_connections},
                            .model = served_name(arguments.model),
                            .token = read_token(arguments),
                            .logprobs = token_logprobs_of(arguments.model) == TokenLogprobs::always,
                            .max_waiting = arguments.max_waiting,
                            .limits = {}};
  raise_file_limit(arguments.max_connections);
  auto model = open_model(arguments.model, {.organisms = context.data / "organisms",
                                            .threads = arguments.threads.count,
                                            .endpoint = arguments.checkpoint});
  report_notes(*model, "");
  ChatServer server(*model, options, clock);
  say_ready(server, options.model, arguments.output);
  wait_for(interrupt.no_more());
  server.stop(std::chrono::milliseconds(std::llround(arguments.grace_s * 1000)),
              interrupt.at_once());
  return 0;
}

}  // namespace

void add_serve(Program& iago) {
  auto [command, a] = iago.add<ServeArguments>(
      "serve", "Serve a model to programs that speak OpenAI's chat completions", serve_command);
  command
      .add_option("--model", a.model, "organism:NAME, world:NAME, local:FOLDER or scripted:FILE")
      ->required();
  command
      .add_option("--host", a.host,
                  "The address to listen on. If other machines can reach it, a token is required")
      ->capture_default_str();
  command.add_option("--port", a.port, "The port (0: any free one)")->capture_default_str();
  command.add_option("--token-file", a.token_file,
                     "A file with the token that clients must send (or set IAGO_SERVE_TOKEN)");
  a.threads.add_to(command);
  add_chat_template(command, a.checkpoint);
  command.add_option("--max-connections", a.max_connections, "Accept at most N open connections")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command.add_option("--max-waiting", a.max_waiting, "Let at most N choices wait for the model")
      ->capture_default_str();
  command
      .add_option("--grace", a.grace_s, "After a signal, give running answers N seconds to finish")
      ->check(CLI::Range(0.0, 5.0))
      ->capture_default_str();
  a.output.add_to(command);
  command.footer(
      "Examples:\n"
      "  iago serve --model organism:faker\n"
      "  iago serve --model local:/path/to/checkpoint --port 0 --json\n"
      "  IAGO_SERVE_TOKEN=$(openssl rand -hex 32) iago serve --model organism:faker --host "
      "0.0.0.0");
}

}  // namespace iago
