#include "serve/chat_server.h"

#include <fmt/format.h>

#include <atomic>
#include <charconv>
#include <nlohmann/json.hpp>
#include <random>
#include <utility>

#include "base/error.h"
#include "base/hash.h"
#include "base/json.h"
#include "net/url.h"
#include "serve/internal/access.h"
#include "serve/internal/admission.h"
#include "serve/internal/api_error.h"
#include "serve/internal/call_response.h"
#include "serve/internal/metrics.h"
#include "text/utf8.h"

namespace iago {
namespace {

constexpr std::string_view kJsonType = "application/json";
constexpr std::string_view kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

constexpr std::string_view kOneModel = "/v1/models/";  // and its name

// The bytes that %41 and the like stand for; as it is where they are none.
std::string unescaped(std::string_view path) {
  std::string text;
  while (!path.empty()) {
    unsigned char byte = static_cast<unsigned char>(path.front());
    std::size_t taken = 1;
    if (byte == '%' && path.size() > 2) {
      const auto [end, error] = std::from_chars(path.data() + 1, path.data() + 3, byte, 16);
      taken = error == std::errc() && end == path.data() + 3 ? 3 : 1;
      if (taken == 1) byte = '%';
    }
    text += static_cast<char>(byte);
    path.remove_prefix(taken);
  }
  return text;
}

// From the system, not from a stream of the run: who names no seed wants no repetition.
std::uint64_t fresh_bits() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

// Names a choice's random stream. Neither n nor the sampling options are in it: more choices leave
// the first ones as they are, and a shorter limit gives the same beginning.
std::string stream_name(const ChatRequest& request, int choice) {
  Hasher hasher;
  for (const Message& message : request.messages) {
    hasher.field(name_of(message.role)).field(message.text);
  }
  hasher.field(request.prefill);
  return fmt::format("serve/{}/{}", choice, hasher.hex());
}

Route route_of(std::string_view path) {
  if (path.starts_with(kOneModel) && path.size() > kOneModel.size()) return Route::models;
  for (Route route : {Route::chat_completions, Route::models, Route::health, Route::metrics}) {
    if (path == path_of(route)) return route;
  }
  return Route::other;
}

void check_exposure(const ChatServerOptions& options) {
  if (is_loopback(options.http.host) || !options.token.empty()) return;
  throw Error(ErrorCode::invalid,
              fmt::format("other machines can reach {}, and it has no token", options.http.host),
              "give --token-file FILE or IAGO_SERVE_TOKEN, or stay on 127.0.0.1");
}

}  // namespace

struct ChatServer::Impl {
  Impl(ChatModel& served, const ChatServerOptions& chosen, const Clock& with)
      : model(served.info()),
        options(chosen),
        clock(with),
        access(options.token),
        started(clock.wall()),
        admission(served, options.max_running > 0 ? options.max_running : model.in_flight,
                  options.max_waiting) {
    check_exposure(options);
    options.token.clear();
    http = std::make_unique<HttpServer>(
        options.http, [this](ServedRequest request, std::shared_ptr<HttpResponder> answer) {
          handle(std::move(request), std::move(answer));
        });
    listening = http.get();
  }

  void handle(ServedRequest request, std::shared_ptr<HttpResponder> answer) {
    const Route route = route_of(request.path());
    const auto begun = clock.steady();
    try {
      if (auto error = route == Route::health ? std::nullopt : access.check(request)) throw *error;
      check_method(route, request);
      if (route == Route::chat_completions) return complete(request, answer);
      const std::string page = page_of(route, request.path());
      count(route, 200, begun);
      answer->respond(
          200, {{"content-type", std::string(route == Route::metrics ? kMetricsType : kJsonType)}},
          page);
    } catch (const ApiError& error) {
      count(route, error.status(), begun);
      answer->respond(error.status(), headers_of(error, route), error.body());
    }
  }

  static void check_method(Route route, const ServedRequest& request) {
    if (route == Route::other) {
      throw ApiError(
          404,
          fmt::format("unknown route {:.200}; the routes are POST {}, GET {}, GET {}NAME, GET {} "
                      "and GET {}",
                      request.path(), path_of(Route::chat_completions), path_of(Route::models),
                      kOneModel, path_of(Route::health), path_of(Route::metrics)),
          {}, "unknown_route");
    }
    const std::string_view expected = method_of(route);
    if (request.method == expected) return;
    throw ApiError(405, fmt::format("{} takes only {}", path_of(route), expected), {},
                   "method_not_allowed");
  }

  static std::string_view method_of(Route route) {
    return route == Route::chat_completions ? "POST" : "GET";
  }

  static HttpFields headers_of(const ApiError& error, Route route) {
    HttpFields headers = {{"content-type", std::string(kJsonType)}};
    if (error.status() == 401) headers.emplace_back("www-authenticate", "Bearer");
    if (error.status() == 405) headers.emplace_back("allow", method_of(route));
    if (error.status() == 503) headers.emplace_back("retry-after", "1");
    return headers;
  }

  std::string page_of(Route route, std::string_view path) const {
    switch (route) {
      case Route::models:
        return models_page(path);
      case Route::metrics:
        return metrics.text({.connections = connections(),
                             .in_flight = in_flight,
                             .running = admission.running(),
                             .waiting = admission.waiting()});
      default:
        return dump_json({{"status", "ok"}, {"model", options.model}});
    }
  }

  // The list, or the one that the path names.
  std::string models_page(std::string_view path) const {
    const Json entry = {{"id", options.model},
                        {"object", "model"},
                        {"created", seconds(started)},
                        {"owned_by", "iago"}};
    if (!path.starts_with(kOneModel)) {
      return dump_json({{"object", "list"}, {"data", Json::array({entry})}});
    }
    check_model(unescaped(path.substr(kOneModel.size())));
    return dump_json(entry);
  }

  void check_model(const std::string& name) const {
    if (name == options.model) return;
    throw ApiError(404,
                   fmt::format("The model '{:.200}' does not exist here, only '{}' does.",
                               replace_invalid_utf8(name), options.model),
                   "model", "model_not_found");
  }

  void complete(const ServedRequest& request, const std::shared_ptr<HttpResponder>& answer) {
    const auto begun = clock.steady();
    ChatCall call = parse_chat_call(request.body, options.limits);
    check_model(call.model);
    if (call.request.sampling.logprobs && !options.logprobs) {
      throw ApiError(400,
                     fmt::format("logprobs: the model '{}' has no log-probabilities: it is a "
                                 "grammar or a script, without weights",
                                 options.model),
                     "logprobs", "unsupported_value");
    }
    ++in_flight;
    auto collected = std::make_shared<CallResponse>(
        CallResponse::Options{
            .framing = call.stream ? CallResponse::Framing::stream : CallResponse::Framing::whole,
            .choices = static_cast<std::size_t>(call.choices),
            .include_usage = call.include_usage,
            .head = {.id = fmt::format("chatcmpl-{:016x}{:016x}", fresh_bits(), fresh_bits()),
                     .created = seconds(clock.wall()),
                     .model = options.model,
                     .fingerprint = "iago-" + model.identity.substr(0, 16)},
            .on_end =
                [this, begun](int status, const std::vector<ChatReply>& replies) {
                  for (const ChatReply& reply : replies) metrics.count_tokens(reply.usage);
                  count(Route::chat_completions, status, begun);
                  --in_flight;
                }},
        answer);
    if (admission.add(choices_of(std::move(call), collected))) return;
    collected->refuse(overloaded());
  }

  static std::vector<Choice> choices_of(ChatCall call,
                                        const std::shared_ptr<CallResponse>& collected) {
    call.request.seed = call.seed ? *call.seed : fresh_bits();
    std::vector<Choice> choices;
    for (int i = 0; i < call.choices; ++i) {
      ChatRequest request = call.request;
      request.id = stream_name(request, i);
      if (call.stream) {
        request.on_text = [collected, i](std::string_view piece) { collected->on_text(i, piece); };
      }
      choices.push_back(
          {.request = std::move(request),
           .stop = collected->stop(),
           .done = [collected, i](ChatReply reply) { collected->on_reply(i, std::move(reply)); }});
    }
    return choices;
  }

  // Requests may come before the constructor is through.
  std::size_t connections() const {
    const HttpServer* server = listening;
    return server == nullptr ? 0 : server->connections();
  }

  ChatFailure overloaded() const {
    return {ErrorCode::overloaded,
            fmt::format("{} choices are already waiting, at most {} may", admission.waiting(),
                        options.max_waiting),
            "try again later"};
  }

  void count(Route route, int status, std::chrono::nanoseconds begun) {
    metrics.count_request(route, status, seconds_since(clock, begun));
  }

  static std::int64_t seconds(std::chrono::nanoseconds wall) {
    return std::chrono::duration_cast<std::chrono::seconds>(wall).count();
  }

  const ModelInfo model;
  ChatServerOptions options;
  const Clock& clock;
  const Access access;
  const std::chrono::nanoseconds started;
  Metrics metrics;
  std::atomic<std::size_t> in_flight = 0;
  // The server goes first, so that no request comes; then what the model still owes is awaited.
  Admission admission;
  std::unique_ptr<HttpServer> http;
  std::atomic<const HttpServer*> listening = nullptr;
};

ChatServer::ChatServer(ChatModel& model, const ChatServerOptions& options, const Clock& clock)
    : impl_(std::make_unique<Impl>(model, options, clock)) {}

ChatServer::~ChatServer() = default;

const std::string& ChatServer::host() const { return impl_->http->host(); }
std::uint16_t ChatServer::port() const { return impl_->http->port(); }

void ChatServer::stop(std::chrono::milliseconds grace, std::stop_token at_once) {
  impl_->http->stop(grace, std::move(at_once));
}

}  // namespace iago
