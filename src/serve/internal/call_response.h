// CallResponse: collects the replies to one call's choices and answers the client with them, whole
// or as they grow. A client that goes, or a choice that fails, stops the others.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string_view>
#include <vector>

#include "chat/chat_model.h"
#include "net/http_server.h"
#include "serve/internal/chat_wire.h"

namespace iago {

class CallResponse {
 public:
  enum class Framing { whole, stream };
  struct Options {
    Framing framing = Framing::whole;
    std::size_t choices = 1;
    bool include_usage = false;
    WireHead head;
    // Called once, when no reply is due any more, with the status of the answer (499 for a client
    // that went) and all replies; under a lock, before the client has the last of the answer.
    std::function<void(int status, const std::vector<ChatReply>& replies)> on_end;
  };

  CallResponse(Options options, std::shared_ptr<HttpResponder> answer);

  // For the choices' requests: requested when nobody wants them any more.
  std::stop_token stop() const { return stop_.get_token(); }

  // Both from any thread; as ChatRequest::on_text and ChatModel::Done.
  void on_text(int choice, std::string_view piece);
  void on_reply(int choice, ChatReply reply);
  // Instead of all replies: nothing was asked of the model.
  void refuse(const ChatFailure& failure);

 private:
  // With mutex_ held.
  void begin_stream();
  void send_end(int choice);
  void fail(const ChatFailure& failure);
  void finish();
  void count_end(int status);

  const Options options_;
  const ChunkWriter chunks_;
  std::shared_ptr<HttpResponder> answer_;
  std::stop_source stop_;
  std::mutex mutex_;
  std::vector<ChatReply> replies_;
  std::vector<bool> begun_;  // its role has been written
  std::size_t due_;
  int status_ = 0;  // 0 until the answer's head is decided
  bool over_ = false;
  std::optional<std::stop_callback<std::function<void()>>> on_gone_;  // last: uses the above
};

}  // namespace iago
