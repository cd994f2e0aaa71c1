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

void check_failed(std::string_view condition, std::string_view detail, std::source_location where) {
  fmt::print(stderr, "{}:{}: broken invariant: {} ({})\n", where.file_name(), where.line(),
             condition, detail);
  std::abort();
}

}  // namespace iago
