// The head of a request to our server, and its Host header: whatever the bytes, they are taken or
// refused, and what is taken can be read in one way only.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "net/host_header.h"
#include "net/internal/request_head.h"

namespace {

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

void read_head(std::string_view text) {
  const std::optional<iago::Refusal> fault = iago::fault_of_head(text);
  if (fault) {
    IAGO_CHECK(fault->status == 400 || fault->status == 501, "a status that fits");
    IAGO_CHECK(fault->text.find_first_of("\"\\\r\n") == fault->text.npos, fault->text);
    return;
  }
  IAGO_CHECK(text.ends_with("\r\n\r\n"), "the head ends");
  IAGO_CHECK(text.find('\0') == text.npos, "no NUL");
  IAGO_CHECK(count_of(text, "\n") == count_of(text, "\r\n"), "no LF alone");
  IAGO_CHECK(count_of(text, "\r") == count_of(text, "\r\n"), "no CR alone");
  IAGO_CHECK(text.find("\r\n\r\n") == text.size() - 4, "nothing behind the empty line");
  IAGO_CHECK(text.find("\n ") == text.npos && text.find("\n\t") == text.npos, "no folded line");
}

void read_host(std::string_view text) {
  const std::optional<iago::HostHeader> host = iago::parse_host(text);
  if (!host) return;
  IAGO_CHECK(!host->host.empty() && host->host.find('@') == std::string::npos, host->host);
  IAGO_CHECK(host->port.value_or(1) > 0, "a port");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_head(text);
  read_host(text);
  return 0;
}
