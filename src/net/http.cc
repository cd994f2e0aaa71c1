#include "net/http.h"

#include <algorithm>

#include "base/ascii.h"

namespace iago {

std::optional<std::string_view> find_header(const HttpHeaders& headers, std::string_view name) {
  for (const HttpHeader& header : headers) {
    if (std::ranges::equal(header.name, name, {}, lower, lower)) return header.value;
  }
  return std::nullopt;
}

std::string_view name_of(HttpFault fault) {
  switch (fault) {
    case HttpFault::invalid:
      return "invalid";
    case HttpFault::unresolved:
      return "unresolved";
    case HttpFault::unreachable:
      return "unreachable";
    case HttpFault::untrusted:
      return "untrusted";
    case HttpFault::timeout:
      return "timeout";
    case HttpFault::reset:
      return "reset";
    case HttpFault::malformed:
      return "malformed";
    case HttpFault::too_large:
      return "too_large";
    case HttpFault::crowded:
      return "crowded";
    case HttpFault::no_files:
      return "no_files";
    case HttpFault::cancelled:
      return "cancelled";
  }
  return "reset";
}

std::string url_for_messages(std::string_view url) {
  return std::string(url.substr(0, url.find_first_of("?#")));
}

}  // namespace iago
