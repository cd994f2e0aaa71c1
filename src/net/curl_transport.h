// CurlTransport: HTTP over the network by libcurl. One thread drives every transfer through epoll
// and curl_multi_socket_action, whose cost is by event and not by transfer (curl_multi_perform
// walks through all of them for each), so that thousands may wait for slow replies.
//
// HTTP/1.1 with kept connections on http://, HTTP/2 over TLS where the server offers it. Hosts of
// this machine are reached directly; others through `proxy`, or else through what the usual
// environment variables (https_proxy, no_proxy, ...) say.
#pragma once

#include <memory>
#include <string>

#include "net/http.h"

namespace iago {

struct CurlTransportOptions {
  std::string proxy;    // http://host:port, socks5h://host:port; empty: as the environment says
  std::string ca_file;  // PEM, instead of the system's certificates; empty: the system's
  std::size_t max_header_bytes = 256 << 10;  // of one response
  // Of all bodies under way, and of those of other transports with the same; null: one of its own
  // of kDefaultBodyAllowance. When it is used up, the largest body is given up.
  std::shared_ptr<BodyAllowance> bodies = {};
};

// Thread-safe. Callbacks come from its thread, or from that of the destructor.
class CurlTransport final : public HttpTransport {
 public:
  // Error not_found if ca_file is not a readable file; disconnected if the system gives no thread
  // or descriptor. Raises the process's soft limit of open files to at most 16,384, since each
  // transfer may need one.
  explicit CurlTransport(CurlTransportOptions options = {});
  ~CurlTransport() override;
  void submit(HttpRequest request, std::stop_token stop, OnData on_data, Done done) override;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace iago
