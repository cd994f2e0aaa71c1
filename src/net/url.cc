#include "net/url.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/ascii.h"
#include "base/error.h"

namespace iago {
namespace {

[[noreturn]] void reject(std::string_view what) {
  // The URL is not quoted: it may hold a password.
  throw Error(ErrorCode::invalid, fmt::format("base URL: {}", what),
              "give it as https://host/v1 or http://127.0.0.1:8000/v1");
}

// The host of "host", "host:port" or "[address]:port".
std::string host_of(std::string_view authority) {
  std::string_view host = authority, port;
  if (authority.starts_with('[')) {
    auto end = authority.find(']');
    if (end == std::string_view::npos) reject("expected ] after an IPv6 address, found none");
    host = authority.substr(1, end - 1);
    port = authority.substr(end + 1);
    if (!port.empty() && !port.starts_with(':')) reject("expected a port after the address");
    if (!port.empty()) port.remove_prefix(1);
  } else if (auto colon = authority.find(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    port = authority.substr(colon + 1);
  }
  if (host.empty()) reject("expected a host, found none");
  bool digits = std::ranges::all_of(port, [](unsigned char c) { return std::isdigit(c) != 0; });
  if (!digits || port.size() > 5) reject("expected a port as a number");
  return lowered(host);
}

}  // namespace

bool is_loopback(std::string_view host) {
  std::string name = lowered(host);
  if (name.size() > 2 && name.front() == '[' && name.back() == ']') {
    name = name.substr(1, name.size() - 2);
  }
  if (name == "localhost" || name.ends_with(".localhost")) return true;
  in_addr v4{};
  if (inet_pton(AF_INET, name.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return inet_pton(AF_INET6, name.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

BaseUrl parse_base_url(std::string_view url) {
  if (std::ranges::any_of(url, [](unsigned char c) { return c <= ' ' || c == 0x7f; })) {
    reject("expected no white space or control bytes");
  }
  auto scheme_end = url.find("://");
  std::string scheme = lowered(url.substr(0, std::min(scheme_end, url.size())));
  if (scheme_end == std::string_view::npos || (scheme != "http" && scheme != "https")) {
    reject("expected http:// or https:// at the beginning");
  }
  std::string_view rest = url.substr(scheme_end + 3);
  if (rest.find_first_of("?#") != std::string_view::npos) reject("expected no query or fragment");
  auto slash = std::min(rest.find('/'), rest.size());
  std::string_view authority = rest.substr(0, slash), path = rest.substr(slash);
  if (authority.find('@') != std::string_view::npos) {
    reject("expected no user or password in it: give the key by itself");
  }
  BaseUrl parsed;
  parsed.host = host_of(authority);
  while (path.ends_with('/')) path.remove_suffix(1);
  parsed.text = fmt::format("{}://{}{}", scheme, lowered(authority), path);
  parsed.tls = scheme == "https";
  parsed.loopback = is_loopback(parsed.host);
  return parsed;
}

}  // namespace iago
