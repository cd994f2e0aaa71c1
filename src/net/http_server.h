// HttpServer: HTTP/1.1 for our own endpoints. It reads requests under limits, hands each to one
// handler, and sends what the handler answers, whole or as a stream, at whatever moment and from
// whatever thread that comes. No TLS, no HTTP/2, no routing: those above know what a path means.
//
// Everything that a client sends is hostile: each connection is bounded in bytes and in time at
// every stage, and so is their number. What breaks a limit is answered by the server itself, with
// the status that says so, and never reaches the handler: 400 (not HTTP, or HTTP that can be read
// in two ways), 413 (body), 431 (headers), 501 (a transfer coding other than chunked), 503 with
// Retry-After (too many connections). A client that is too slow is cut off
// without a word.
//
// A client that closes its end of the connection while it waits for an answer is taken to be gone.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace iago {

struct HttpServerOptions {
  std::string host = "127.0.0.1";  // an IPv4 or IPv6 address, or "localhost" (127.0.0.1)
  std::uint16_t port = 0;          // 0 = any free one
  std::size_t threads = 1;         // that read and write, 1 to 64
  std::size_t max_connections = 4096;
  std::size_t max_header_bytes = std::size_t{16} << 10;  // request line and headers
  std::size_t max_body_bytes = std::size_t{4} << 20;
  // Unsent bytes of one answer's stream; a client that reads more slowly is cut off.
  std::size_t max_backlog_bytes = std::size_t{4} << 20;
  std::chrono::milliseconds idle_timeout{75'000};    // between requests of one connection
  std::chrono::milliseconds header_timeout{10'000};  // from a request's first byte to its body
  std::chrono::milliseconds body_timeout{60'000};    // for the whole body
  std::chrono::milliseconds write_timeout{30'000};   // until the client took what was written
};

using HttpFields = std::vector<std::pair<std::string, std::string>>;

// A request as it was read.
struct ServedRequest {
  std::string method;  // as sent: GET
  std::string target;  // as sent: /v1/models?x=1
  HttpFields headers;
  std::string body;

  std::string_view path() const;  // the target up to its '?'
  // The value of the first header of this name, whatever the case of its letters; empty if there is
  // none.
  std::string_view header(std::string_view name) const;
};

// The answer to one request: either `respond` once, or `begin_stream`, `write` any number of times
// and `end`. Any other order is a broken invariant and aborts. All functions return at once and are
// thread-safe; for a client that is gone they do nothing. An answer that is destroyed unfinished
// becomes 500, or a stream that breaks off.
class HttpResponder {
 public:
  virtual ~HttpResponder() = default;
  // content-length and connection are set by the server.
  virtual void respond(int status, HttpFields headers, std::string body) = 0;
  virtual void begin_stream(int status, HttpFields headers) = 0;
  virtual void write(std::string_view bytes) = 0;
  virtual void end() = 0;
  // Requested when nobody waits for the answer any more: the client went, was too slow, or the
  // server stops at once. Its callbacks run on a thread of the server.
  virtual std::stop_token gone() const = 0;
};

class HttpServer {
 public:
  // Called on a thread of the server for each request; must not block or throw.
  using Handler = std::function<void(ServedRequest, std::shared_ptr<HttpResponder>)>;

  // Listens when it returns. Error invalid for options out of range or a host that is no address;
  // disconnected (with the system's reason) if the port cannot be had.
  HttpServer(const HttpServerOptions& options, Handler handler);
  // As stop with no grace.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  const std::string& host() const;  // the address as text: 127.0.0.1
  std::uint16_t port() const;       // the real one
  std::size_t connections() const;  // open now

  // Refuses new connections and requests, lets answers that are under way finish for `grace` or
  // until `at_once` is requested, cuts off the rest, and returns when no thread runs any more.
  // Once.
  void stop(std::chrono::milliseconds grace, std::stop_token at_once = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace iago
