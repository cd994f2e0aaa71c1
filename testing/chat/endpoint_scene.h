// An endpoint over a script, and the answers of a server on a bad day. For test files only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "chat/endpoint.h"
#include "testing/chat/scripted_transport.h"

namespace iago {

inline const SystemClock kClock;
inline constexpr const char* kKey = "sk-most-private";

inline ChatRequest about(std::string text = "Please light the lamp.", std::string id = "a") {
  ChatRequest request;
  request.id = std::move(id);
  request.seed = 7;
  request.messages = {{Role::user, std::move(text)}};
  return request;
}

// Quick retries, on this machine.
inline EndpointOptions quick() {
  EndpointOptions options;
  options.base_url = "http://127.0.0.1:1/v1";
  options.key = Secret(kKey);
  options.retry = {.max_attempts = 4,
                   .first_wait = std::chrono::milliseconds(1),
                   .max_wait = std::chrono::milliseconds(4)};
  return options;
}

// An endpoint over a script, with what it was asked.
struct Scene {
  Scene(EndpointKind kind, EndpointOptions options, ScriptedTransport::Server server,
        const Clock& clock = kClock, std::size_t piece_bytes = 3)
      : transport(std::make_shared<ScriptedTransport>(std::move(server), piece_bytes)),
        model(open_endpoint(kind, "small", std::move(options), transport, clock)) {}
  ChatReply ask(ChatRequest request = about()) { return iago::ask(*model, std::move(request)); }
  Json sent(std::size_t i) { return parse_json(transport->seen().at(i).body, "sent"); }

  std::shared_ptr<ScriptedTransport> transport;
  std::unique_ptr<Endpoint> model;
};

using Respond = std::function<HttpResponse()>;

// `first` to the first `times` requests, the small model to the others.
inline ScriptedTransport::Server after(int times, Respond first,
                                       EndpointKind kind = EndpointKind::openai) {
  return [=](const HttpRequest& http, int number) -> std::optional<HttpResponse> {
    if (number < times) return first();
    return kind == EndpointKind::openai ? SmallServer::openai(http) : SmallServer::anthropic(http);
  };
}

inline Respond status(int code, std::string body = "", HttpHeaders headers = {}) {
  return [=] { return HttpResponse{code, headers, body, std::nullopt}; };
}

inline Respond openai_error(int code, const std::string& name,
                            const std::string& message = "said so") {
  return [=] {
    return json_response({{"error", {{"message", message}, {"code", name}, {"type", "t"}}}}, code);
  };
}

inline Respond anthropic_error(int code, const std::string& type,
                               const std::string& message = "said so") {
  return [=] {
    return json_response({{"type", "error"}, {"error", {{"type", type}, {"message", message}}}},
                         code);
  };
}

inline HttpResponse said(const Json& message, const Json& finish = "stop",
                         const Json& usage = nullptr) {
  return json_response(
      {{"id", "c1"},
       {"choices", {{{"index", 0}, {"message", message}, {"finish_reason", finish}}}},
       {"usage", usage}});
}

inline ChatReply reply_to(HttpResponse response, EndpointOptions options = quick(),
                          EndpointKind kind = EndpointKind::openai, ChatRequest request = about()) {
  Scene scene(kind, std::move(options),
              [&](const HttpRequest&, int) { return std::optional(response); });
  return scene.ask(std::move(request));
}

}  // namespace iago
