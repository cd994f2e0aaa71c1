#include "net/internal/request_head.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <vector>

#include "base/ascii.h"
#include "net/host_header.h"

namespace iago {
namespace {

constexpr std::string_view kTokenMarks = "!#$%&'*+-.^_`|~";  // beside letters and digits
constexpr std::string_view kWholeUrl = "http://";
constexpr std::size_t kMaxLengthDigits = 18;  // of a number that 63 bits hold

struct Field {
  std::string_view name, value;
};

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return c < 0x80 && (std::isalnum(c) != 0 ||
                        kTokenMarks.find(static_cast<char>(c)) != std::string_view::npos);
  });
}

bool has_control_byte(std::string_view line) {
  return std::ranges::any_of(line,
                             [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

Refusal bad(std::string_view what) {
  return {400, fmt::format("not an HTTP/1.1 request: {}", what)};
}

// The lines without their ends; absent if one ends otherwise than in CR LF.
std::optional<std::vector<std::string_view>> lines_of(std::string_view head) {
  std::vector<std::string_view> lines;
  while (!head.empty()) {
    const auto end = head.find("\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    lines.push_back(head.substr(0, end));
    head.remove_prefix(end + 2);
  }
  return lines;
}

enum class Version { http_1_0, http_1_1 };

struct RequestLine {
  std::string_view target;
  Version version = Version::http_1_1;
};

// "METHOD target HTTP/1.1"
std::optional<Refusal> read_request_line(std::string_view line, RequestLine& request) {
  const auto first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return bad("expected a method, a target and a version, with a space between them");
  }
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view named = line.substr(last + 1);
  if (!is_token(line.substr(0, first))) return bad("expected a method");
  if (target.find_first_of(" \t") != std::string_view::npos) return bad("a space in the target");
  if (!target.starts_with('/') && !target.starts_with(kWholeUrl) && target != "*") {
    return bad("expected a target that begins with a slash");
  }
  if (named != "HTTP/1.1" && named != "HTTP/1.0") return bad("expected HTTP/1.1 or HTTP/1.0");
  request = {target, named == "HTTP/1.1" ? Version::http_1_1 : Version::http_1_0};
  return std::nullopt;
}

std::optional<Refusal> read_field(std::string_view line, std::vector<Field>& fields) {
  if (line.starts_with(' ') || line.starts_with('\t')) return bad("a folded header line");
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    return bad("expected a header's name and a colon right behind it");
  }
  fields.push_back({line.substr(0, colon), without_blanks(line.substr(colon + 1))});
  return std::nullopt;
}

std::vector<std::string_view> values_of(const std::vector<Field>& fields, std::string_view name) {
  std::vector<std::string_view> values;
  for (const Field& field : fields) {
    if (same_letters(field.name, name)) values.push_back(field.value);
  }
  return values;
}

// The host of a target as proxies get it, http://host/path; empty for a path.
std::string_view host_of_target(std::string_view target) {
  if (!target.starts_with(kWholeUrl)) return {};
  target.remove_prefix(kWholeUrl.size());
  return target.substr(0, target.find_first_of("/?"));
}

std::optional<Refusal> fault_of_host(const std::vector<Field>& fields, const RequestLine& request) {
  const auto hosts = values_of(fields, "host");
  const bool whole_url = request.target.starts_with(kWholeUrl);
  if (hosts.empty() && !whole_url && request.version == Version::http_1_0) return std::nullopt;
  if (hosts.size() != 1) return bad("expected one Host header");
  if (!parse_host(hosts.front())) {
    return bad("expected a Host header of a host and, if any, a port from 1 to 65535");
  }
  if (whole_url && hosts.front() != host_of_target(request.target)) {
    return bad("its target names another host than its Host header");
  }
  return std::nullopt;
}

// RFC 9112 6.3: lengths that contradict each other are an error that nothing can mend.
std::optional<Refusal> fault_of_length(const std::vector<Field>& fields) {
  const auto lengths = values_of(fields, "content-length");
  if (lengths.empty()) return std::nullopt;
  const std::string_view length = lengths.front();
  const bool number = !length.empty() && length.size() <= kMaxLengthDigits &&
                      std::ranges::all_of(length, [](unsigned char c) { return std::isdigit(c); });
  if (lengths.size() > 1 || !number) return bad("expected one Content-Length, a number");
  return std::nullopt;
}

std::optional<Refusal> fault_of_coding(const std::vector<Field>& fields, Version version) {
  const auto codings = values_of(fields, "transfer-encoding");
  if (codings.empty()) return std::nullopt;
  if (version == Version::http_1_0) return bad("HTTP/1.0 has no Transfer-Encoding");
  if (!values_of(fields, "content-length").empty()) {
    return bad("Transfer-Encoding and Content-Length contradict each other");
  }
  if (codings.size() == 1 && same_letters(codings.front(), "chunked")) return std::nullopt;
  const bool one_word = codings.size() == 1 && is_token(codings.front());
  if (one_word) return Refusal{501, "the only transfer coding that is known is chunked"};
  return bad("expected the transfer coding chunked alone");
}

}  // namespace

std::optional<Refusal> fault_of_head(std::string_view head) {
  const auto lines = lines_of(head);
  if (!lines || lines->size() < 2 || !lines->back().empty()) {
    return bad("expected lines that end in CR LF");
  }
  if (std::ranges::any_of(*lines, has_control_byte)) return bad("a control byte in its head");
  RequestLine request;
  if (auto fault = read_request_line(lines->front(), request)) return fault;
  std::vector<Field> fields;
  for (std::size_t i = 1; i + 1 < lines->size(); ++i) {
    if (auto fault = read_field((*lines)[i], fields)) return fault;
  }
  if (auto fault = fault_of_host(fields, request)) return fault;
  if (auto fault = fault_of_length(fields)) return fault;
  return fault_of_coding(fields, request.version);
}

}  // namespace iago
