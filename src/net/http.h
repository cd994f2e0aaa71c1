// HTTP as the clients of endpoints see it: a request, a response, and the transport between them.
// The transport is the seam: CurlTransport goes over the network, tests script their own.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "net/body_allowance.h"

namespace iago {

struct HttpHeader {
  std::string name, value;
};
using HttpHeaders = std::vector<HttpHeader>;

// The value of the first header called `name`, letters of either case alike, or nothing.
std::optional<std::string_view> find_header(const HttpHeaders& headers, std::string_view name);

struct HttpTimeouts {
  std::chrono::milliseconds connect{15'000};
  std::chrono::milliseconds silence{600'000};  // since the last byte that came, or the start
  std::chrono::milliseconds total{3'600'000};
};

struct HttpRequest {
  std::string method = "POST";
  std::string url;  // http or https, without a user's name or password
  HttpHeaders headers;
  std::string body;
  HttpTimeouts timeouts;
  std::size_t max_response_bytes = std::size_t{64} << 20;  // of the body, decoded
  // Of a body that goes to on_data: how many bytes of memory its receiver holds by now. They count
  // against the transport's allowance. Unset: it keeps nothing.
  std::function<std::size_t()> held_bytes = {};
};

// Why no whole response came.
enum class HttpFault {
  invalid,      // the request itself: its URL or a header
  unresolved,   // no such host, for now
  unreachable,  // refused, no route, connecting took too long
  untrusted,    // TLS: the certificate, no common protocol, or no TLS on the other side
  timeout,      // silence, or the total time is over
  reset,        // the connection broke before the end
  malformed,    // not HTTP, or a body that cannot be decoded
  too_large,    // the header or the body is beyond its limit
  crowded,      // the largest of the bodies under way, which together are beyond theirs
  no_files,     // this process may open no more files, and a connection is one
  cancelled,    // the stop token or the transport's end
};

// "reset", ...
std::string_view name_of(HttpFault fault);

struct HttpFailure {
  HttpFault fault = HttpFault::reset;
  std::string message;  // names the method and the URL without its query; never a header
};

struct HttpResponse {
  int status = 0;  // 0 if none came
  HttpHeaders headers;
  std::string body;                     // decoded; empty where it went to on_data
  std::optional<HttpFailure> failure;   // what came before it stands in the fields above
  std::shared_ptr<BodyRoom> room = {};  // that the body takes as long as this is kept
};

class HttpTransport {
 public:
  using OnData = std::function<void(std::string_view)>;
  using Done = std::function<void(HttpResponse)>;

  virtual ~HttpTransport() = default;
  // Takes the request and returns at once; never throws. `done` is called exactly once, from any
  // thread, possibly before this returns; after a stop it comes soon. If `on_data` is set, the body
  // of a response of status 2xx goes there piece by piece, decoded, before `done`, and is not
  // gathered. Neither callback may throw or block for long. Redirects are not followed: a 3xx is a
  // response as any other. Thread-safe. The destructor cancels what is pending and waits for it.
  virtual void submit(HttpRequest request, std::stop_token stop, OnData on_data, Done done) = 0;
};

// "https://host/path" without query and fragment, for messages.
std::string url_for_messages(std::string_view url);

}  // namespace iago
