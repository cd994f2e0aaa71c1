// The base URL of an endpoint, split into the parts that a client needs.
#pragma once

#include <string>
#include <string_view>

namespace iago {

struct BaseUrl {
  std::string text;  // normalised: scheme and host in lower case, no slash at the end
  std::string host;  // without port and brackets
  bool tls = false;
  bool loopback = false;  // this machine: localhost, 127.0.0.0/8, ::1
};

// Error invalid for anything but http:// or https:// with a host, and for a user's name or password
// in the URL, a query, a fragment, white space or control bytes.
BaseUrl parse_base_url(std::string_view url);

// Whether `host` (no port; brackets allowed) is this machine by name or address.
bool is_loopback(std::string_view host);

}  // namespace iago
