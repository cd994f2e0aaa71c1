#include "net/host_header.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/ascii.h"

namespace iago {
namespace {

constexpr std::size_t kMaxHostBytes = 253;  // of a name in the DNS

bool is_name(std::string_view host) {
  return !host.empty() && host.size() <= kMaxHostBytes &&
         std::ranges::all_of(host, [](unsigned char c) {
           return c < 0x80 && (std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_');
         });
}

bool is_ipv6(std::string_view host) {
  in6_addr address{};
  return inet_pton(AF_INET6, std::string(host).c_str(), &address) == 1;
}

std::optional<std::uint16_t> port_of(std::string_view digits) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  return whole && port > 0 ? std::optional(port) : std::nullopt;
}

}  // namespace

std::optional<HostHeader> parse_host(std::string_view value) {
  HostHeader parsed;
  std::string_view rest;
  if (value.starts_with('[')) {
    const auto close = value.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    const std::string_view address = value.substr(1, close - 1);
    // inet_pton would stop at a NUL.
    if (address.find('\0') != std::string_view::npos || !is_ipv6(address)) return std::nullopt;
    parsed.host = lowered(address);
    rest = value.substr(close + 1);
  } else {
    const auto colon = std::min(value.find(':'), value.size());
    if (!is_name(value.substr(0, colon))) return std::nullopt;
    parsed.host = lowered(value.substr(0, colon));
    rest = value.substr(colon);
  }
  if (rest.empty()) return parsed;
  if (!rest.starts_with(':')) return std::nullopt;
  parsed.port = port_of(rest.substr(1));
  return parsed.port ? std::optional(parsed) : std::nullopt;
}

}  // namespace iago
