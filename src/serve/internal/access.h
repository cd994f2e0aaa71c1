// Access: who may use the endpoint. With a token, every client that sends it. Without one, only
// this machine: the server then listens only on loopback. A web page that a user of this machine
// visits is recognised by the names in its requests and refused (Host against DNS rebinding, Origin
// against cross-site requests).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "net/http_server.h"
#include "serve/internal/api_error.h"

namespace iago {

class Access {
 public:
  // `token` empty: none is asked for. Kept only as a hash. Error invalid for a token of fewer than
  // 16 bytes or with bytes other than printable ASCII without spaces (RFC 6750 allows no others).
  explicit Access(std::string_view token);

  // Why the request is turned away (401 or 403), or nothing. Thread-safe; the time that it takes
  // does not depend on how much of a wrong token is right.
  std::optional<ApiError> check(const ServedRequest& request) const;

 private:
  bool shows_token(std::string_view authorization) const;
  std::optional<std::array<std::uint8_t, 32>> digest_;
};

}  // namespace iago
