// A transport without a network, for tests: a small model behind a server that speaks OpenAI's or
// Anthropic's protocol, and a hook for its bad days. For test files only.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/json.h"
#include "base/queue.h"
#include "chat/chat_model.h"
#include "chat/whole_reply.h"
#include "net/http.h"

namespace iago {

// What the small model says to everything: words that tests can count and cut.
inline constexpr const char* kSmallModelSays = "The lamp in the north tower is lit again tonight.";

// The request that a body stands for, as far as the small model reads it.
inline ChatRequest request_in(const Json& body) {
  ChatRequest request;
  for (const Json& message : body.at("messages")) {
    std::string role = message.at("role");
    request.messages.push_back({role == "assistant" ? Role::assistant : Role::user,
                                message.at("content").get<std::string>()});
  }
  if (request.messages.back().role == Role::assistant) {
    request.prefill = request.messages.back().text;
    request.messages.pop_back();
  }
  for (const char* key : {"max_tokens", "max_completion_tokens"}) {
    if (body.contains(key)) request.sampling.max_tokens = body.at(key);
  }
  for (const char* key : {"stop", "stop_sequences"}) {
    if (body.contains(key)) request.sampling.stop = body.at(key).get<std::vector<std::string>>();
  }
  return request;
}

inline HttpResponse json_response(const Json& body, int status = 200, HttpHeaders headers = {}) {
  headers.push_back({"content-type", "application/json"});
  return {status, std::move(headers), dump_json(body), std::nullopt};
}

inline HttpResponse failed_response(HttpFault fault, std::string message = "scripted") {
  HttpResponse response;
  response.failure = HttpFailure{fault, std::move(message)};
  return response;
}

inline std::string event_of(const Json& data, const std::string& name = "") {
  return (name.empty() ? "" : "event: " + name + "\n") + "data: " + dump_json(data) + "\n\n";
}

inline Json openai_chunk(const Json& delta, const Json& finish = nullptr, int index = 0) {
  return {{"id", "chatcmpl-1"},
          {"model", "small-1"},
          {"system_fingerprint", "fp_1"},
          {"choices", {{{"index", index}, {"delta", delta}, {"finish_reason", finish}}}}};
}

// The bodies of both protocols for a reply.
class SmallServer {
 public:
  static HttpResponse openai(const HttpRequest& http) {
    Json body = parse_json(http.body, "request");
    ChatReply reply = answer(body);
    Json usage = {{"prompt_tokens", reply.usage.prompt},
                  {"completion_tokens", reply.usage.generated},
                  {"prompt_tokens_details", {{"cached_tokens", 1}}}};
    std::string finish = reply.finish == Finish::length ? "length" : "stop";
    if (body.value("stream", false)) {
      std::string events = ": keep-alive\n\n";
      for (int i = 0; i < body.value("n", 1); ++i) {
        events += event_of(openai_chunk({{"role", "assistant"}}, nullptr, i));
        for (std::size_t at = 0; at < reply.text.size(); at += 7) {
          events += event_of(openai_chunk({{"content", reply.text.substr(at, 7)}}, nullptr, i));
        }
        events += event_of(openai_chunk(Json::object(), finish, i));
      }
      events += event_of({{"id", "chatcmpl-1"}, {"choices", Json::array()}, {"usage", usage}});
      return {200, {{"content-type", "text/event-stream"}}, events + "data: [DONE]\n\n", {}};
    }
    Json choices = Json::array();
    for (int i = 0; i < body.value("n", 1); ++i) {
      choices.push_back({{"index", i},
                         {"message", {{"role", "assistant"}, {"content", reply.text}}},
                         {"finish_reason", finish}});
    }
    return json_response({{"id", "chatcmpl-1"},
                          {"model", "small-1"},
                          {"system_fingerprint", "fp_1"},
                          {"choices", choices},
                          {"usage", usage}});
  }

  static HttpResponse anthropic(const HttpRequest& http) {
    Json body = parse_json(http.body, "request");
    ChatReply reply = answer(body);
    Json usage = {{"input_tokens", reply.usage.prompt},
                  {"output_tokens", reply.usage.generated},
                  {"cache_read_input_tokens", 2},
                  {"cache_creation_input_tokens", 3}};
    std::string finish = reply.finish == Finish::length ? "max_tokens" : "end_turn";
    Json message = {{"id", "msg_1"}, {"type", "message"}, {"model", "small-1"}, {"usage", usage}};
    if (!body.value("stream", false)) {
      message["content"] = {{{"type", "text"}, {"text", reply.text}}};
      message["stop_reason"] = finish;
      return json_response(message, 200, {{"request-id", "req_1"}});
    }
    std::string events = event_of({{"type", "message_start"}, {"message", message}});
    events += event_of({{"type", "content_block_start"},
                        {"index", 0},
                        {"content_block", {{"type", "text"}, {"text", ""}}}});
    for (std::size_t at = 0; at < reply.text.size(); at += 7) {
      events += event_of({{"type", "content_block_delta"},
                          {"index", 0},
                          {"delta", {{"type", "text_delta"}, {"text", reply.text.substr(at, 7)}}}});
    }
    events += event_of({{"type", "content_block_stop"}, {"index", 0}});
    events += event_of({{"type", "message_delta"},
                        {"delta", {{"stop_reason", finish}}},
                        {"usage", {{"output_tokens", reply.usage.generated}}}});
    return {200, {}, events + event_of({{"type", "message_stop"}}), {}};
  }

 private:
  static ChatReply answer(const Json& body) {
    ChatRequest request = request_in(body);
    ChatReply reply;
    reply.text = kSmallModelSays;
    if (!request.prefill.empty()) reply.text = " and so it goes on for some words.";
    return shape_reply(std::move(reply), request);
  }
};

// Answers from one thread of its own, in order. Thread-safe.
class ScriptedTransport final : public HttpTransport {
 public:
  // `number` counts the requests from 0. Nothing: never answered until it is stopped.
  using Server = std::function<std::optional<HttpResponse>(const HttpRequest&, int number)>;

  explicit ScriptedTransport(Server server, std::size_t piece_bytes = 1 << 20)
      : server_(std::move(server)),
        piece_bytes_(piece_bytes),
        items_(clock_),
        thread_([this](std::stop_token closing) { run(closing); }) {}

  void submit(HttpRequest request, std::stop_token stop, OnData on_data, Done done) override {
    auto item = std::make_unique<Item>();
    item->request = std::move(request);
    item->stop = stop;
    item->on_data = std::move(on_data);
    item->done = std::move(done);
    item->on_stop = std::make_unique<std::stop_callback<std::function<void()>>>(
        stop, [this] { items_.wake(); });
    {
      std::lock_guard lock(mutex_);
      seen_.push_back(item->request);
    }
    items_.add(std::move(item));
  }

  // All requests so far.
  std::vector<HttpRequest> seen() {
    std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  struct Item {
    HttpRequest request;
    std::stop_token stop;
    OnData on_data;
    Done done;
    std::unique_ptr<std::stop_callback<std::function<void()>>> on_stop;
  };

  void run(std::stop_token closing) {
    std::vector<std::unique_ptr<Item>> silent;
    for (int number = 0;;) {
      auto items = items_.take({}, closing);
      const bool closes = closing.stop_requested();
      if (closes && items.empty() && silent.empty()) return;
      for (auto& item : items) {
        const bool is_answered = serve(*item, number++);
        if (!is_answered) silent.push_back(std::move(item));
        item.reset();
      }
      for (auto& item : silent) {
        if (!closes && !item->stop.stop_requested()) continue;
        item->done(failed_response(HttpFault::cancelled));
        item.reset();
      }
      std::erase(silent, nullptr);
    }
  }

  bool serve(Item& item, int number) {
    if (item.stop.stop_requested()) {
      item.done(failed_response(HttpFault::cancelled));
      return true;
    }
    std::optional<HttpResponse> response = server_(item.request, number);
    if (!response) return false;
    if (item.on_data && response->status >= 200 && response->status < 300) {
      for (std::size_t at = 0; at < response->body.size(); at += piece_bytes_) {
        item.on_data(std::string_view(response->body).substr(at, piece_bytes_));
      }
      response->body.clear();
    }
    item.done(std::move(*response));
    return true;
  }

  Server server_;
  std::size_t piece_bytes_;
  const SystemClock clock_;
  Queue<std::unique_ptr<Item>> items_;
  std::mutex mutex_;
  std::vector<HttpRequest> seen_;  // guarded by mutex_
  std::jthread thread_;            // last: it uses all of the above
};

}  // namespace iago
