// HttpExchange: where one request's answer passes from the handler's threads to the connection that
// sends it. Knows nothing of sockets. Private to the room.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "net/http_server.h"

namespace iago {

class HttpExchange {
 public:
  struct Head {
    int status = 0;
    HttpFields headers;
    bool whole = false;  // the body comes at once, and with it the end
  };
  // What has come since the last one.
  struct Piece {
    std::optional<Head> head;
    std::string bytes;
    bool ended = false;
    bool broken = false;  // no more will come, and the end is missing
    bool empty() const { return !head && bytes.empty() && !ended && !broken; }
  };

  // `wake` is called when there is something to take: from any thread, under a lock, until
  // `detach`. It must neither block nor call back.
  HttpExchange(std::size_t max_backlog_bytes, std::function<void()> wake)
      : max_backlog_bytes_(max_backlog_bytes), wake_(std::move(wake)) {}

  // For the connection. `take` says once what came; `detach` ends the matter: what the handler
  // still says is dropped. `lose` is detach for a client that is gone.
  Piece take();
  void detach();
  void lose();
  // True once more was written than may wait: the client reads too slowly and is to be cut off. (By
  // the connection: in `write` the handler may hold locks that its own stop callbacks want.)
  bool overrun();

  // For the handler. See HttpResponder.
  void respond(int status, HttpFields headers, std::string body);
  void begin_stream(int status, HttpFields headers);
  void write(std::string_view bytes);
  void end();
  void abandon();
  std::stop_token gone() const { return gone_.get_token(); }

 private:
  enum class State { open, streaming, finished };
  void wake_connection();  // mutex_ held

  const std::size_t max_backlog_bytes_;
  std::stop_source gone_;
  std::mutex mutex_;
  std::function<void()> wake_;  // empty once detached
  State state_ = State::open;
  bool overrun_ = false;
  Piece pending_;
};

// What the handler holds: dropping it unfinished abandons the exchange.
std::shared_ptr<HttpResponder> make_answer(std::shared_ptr<HttpExchange> exchange);

}  // namespace iago
