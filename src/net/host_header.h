// The Host header of a request: what a server is asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace iago {

struct HostHeader {
  std::string host;                   // in lower case, an IPv6 address without its brackets
  std::optional<std::uint16_t> port;  // 1 to 65535
};

// "host", "host:port" or "[address]:port", as RFC 9110 7.2 and RFC 3986 3.2.2 have it. Absent for
// anything else: an empty host or port, a user's name before an @, a port out of range, an IPv6
// address that is none or lacks its brackets, any byte that no name of a host has.
std::optional<HostHeader> parse_host(std::string_view value);

}  // namespace iago
