#include "base/error.h"

#include <fmt/format.h>

#include <cstdlib>

namespace iago {

std::string_view name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid:
      return "invalid";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::overloaded:
      return "overloaded";
    case ErrorCode::disconnected:
      return "disconnected";
    case ErrorCode::unsupported:
      return "unsupported";
    case ErrorCode::corrupt:
      return "corrupt";
    case ErrorCode::cancelled:
      return "cancelled";
  }
  check_failed("a known ErrorCode", fmt::format("value {}", static_cast<int>(code)));
}

std::optional<ErrorCode> error_code_named(std::string_view name) {
  for (ErrorCode code :
       {ErrorCode::invalid, ErrorCode::not_found, ErrorCode::overloaded, ErrorCode::disconnected,
        ErrorCode::unsupported, ErrorCode::corrupt, ErrorCode::cancelled}) {
    if (name_of(code) == name) return code;
  }
  return std::nullopt;
}

void check_failed(std::string_view condition, std::string_view detail, std::source_location where) {
  fmt::print(stderr, "{}:{}: broken invariant: {} ({})\n", where.file_name(), where.line(),
             condition, detail);
  std::abort();
}

}  // namespace iago
