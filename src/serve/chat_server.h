// ChatServer: a ChatModel behind an OpenAI-compatible endpoint, for programs that only know how to
// talk to one. Routes: POST /v1/chat/completions, GET /v1/models, GET /v1/models/ID, GET /health,
// GET /metrics. The requests of all connections go to the one model, so that they share its batch
// and its prefixes.
//
// With a seed, a choice depends only on the model, the messages, the seed and its index: the same
// request gives the same text (if the model itself is repeatable). Without one, a random seed is
// drawn. docs/server.md is the manual.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "chat/chat_model.h"
#include "net/http_server.h"
#include "serve/chat_call.h"

namespace iago {

struct ChatServerOptions {
  HttpServerOptions http;
  std::string model;               // the name that requests use
  std::string token;               // asked of everybody but /health; empty: none
  bool logprobs = false;           // the model gives them with their tokens; else they are refused
  std::size_t max_running = 0;     // choices that the model has at once; 0: ModelInfo::in_flight
  std::size_t max_waiting = 4096;  // choices that wait beside them; beyond: 503
  ChatCallLimits limits;
};

class ChatServer {
 public:
  // Listens when it returns. The model and the clock must outlive it. Error invalid for a host that
  // is not loopback without a token, for a token as Access says, and as HttpServer.
  ChatServer(ChatModel& model, const ChatServerOptions& options, const Clock& clock);
  // As stop with no grace.
  ~ChatServer();
  ChatServer(const ChatServer&) = delete;
  ChatServer& operator=(const ChatServer&) = delete;

  const std::string& host() const;
  std::uint16_t port() const;

  // As HttpServer::stop: answers under way may finish for `grace`, or until `at_once`; the rest are
  // cut off and the model's work for them is stopped.
  void stop(std::chrono::milliseconds grace, std::stop_token at_once = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace iago
