// The head of a request as its bytes, held to RFC 9112 more strictly than the parser behind it is.
// Two programs that read one request differently (a proxy in front, the server behind) can be made
// to see two requests where the other sees one. So what leaves room for two readings is refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace iago {

// A request that the server itself refuses, and closes the connection after.
struct Refusal {
  int status = 400;
  std::string text;  // plain ASCII without quotes or backslashes
};

// What is wrong with the request line and headers, up to and with their empty line; absent if
// nothing is. 501 for a transfer coding that is not known, otherwise 400 for:
// - a line that does not end in CR LF, a NUL or another control byte, a folded line;
// - a name of a header that is none, or has white space before its colon;
// - a version other than HTTP/1.0 and HTTP/1.1, a target that is neither a path nor a whole http://
//   URL of the host that the Host header names (which is what proxies get);
// - in HTTP/1.1 no Host, and ever two of them or one that parse_host does not take;
// - a Content-Length that is not one number, or two of them;
// - a Transfer-Encoding beside a Content-Length, in HTTP/1.0, or in which chunked is not the only
//   coding, once.
std::optional<Refusal> fault_of_head(std::string_view head);

}  // namespace iago
