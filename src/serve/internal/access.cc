#include "serve/internal/access.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/hash.h"
#include "net/host_header.h"
#include "net/url.h"

namespace iago {
namespace {

constexpr std::size_t kLeastTokenBytes = 16;

bool equal_in_constant_time(const std::array<std::uint8_t, 32>& a,
                            const std::array<std::uint8_t, 32>& b) {
  std::uint8_t difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference = static_cast<std::uint8_t>(difference | (a[i] ^ b[i]));
  }
  return difference == 0;
}

bool names_this_machine(std::string_view authority) {
  const auto named = parse_host(authority);
  return named && is_loopback(named->host);
}

// http://host:port without what follows; "null" for pages that hide theirs.
bool is_local_origin(std::string_view origin) {
  const auto scheme = origin.find("://");
  return scheme != std::string_view::npos && names_this_machine(origin.substr(scheme + 3));
}

}  // namespace

Access::Access(std::string_view token) {
  if (token.empty()) return;
  const bool printable =
      std::ranges::all_of(token, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
  if (token.size() < kLeastTokenBytes || !printable) {
    throw Error(ErrorCode::invalid,
                fmt::format("a token has at least {} characters of printable ASCII and no spaces",
                            kLeastTokenBytes),
                "make one with: openssl rand -hex 32");
  }
  digest_ = Hasher().update(token).digest();
}

bool Access::shows_token(std::string_view authorization) const {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() <= kScheme.size()) return false;
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(authorization[i])) != kScheme[i]) return false;
  }
  const auto shown = Hasher().update(authorization.substr(kScheme.size())).digest();
  return equal_in_constant_time(shown, *digest_);
}

std::optional<ApiError> Access::check(const ServedRequest& request) const {
  if (digest_) {
    if (shows_token(request.header("authorization"))) return std::nullopt;
    return ApiError(401, "this server asks for its token: Authorization: Bearer TOKEN", {},
                    "invalid_api_key");
  }
  const std::string_view origin = request.header("origin");
  if (!names_this_machine(request.header("host"))) {
    return ApiError(403, "the Host header names another machine; use 127.0.0.1 or localhost", {},
                    "foreign_host");
  }
  if (!origin.empty() && !is_local_origin(origin)) {
    return ApiError(403, "pages from other origins may not use this server", {}, "foreign_origin");
  }
  return std::nullopt;
}

}  // namespace iago
