#include "cli/failure.h"

#include <fmt/format.h>

#include "base/error.h"
#include "cli/tell.h"

namespace iago::cli {
namespace {

int exit_code(ErrorCode code) {
  if (code == ErrorCode::invalid || code == ErrorCode::not_found) return 2;
  return code == ErrorCode::cancelled ? 130 : 1;
}

}  // namespace

int tell_failure(const std::exception& error) {
  tell(fmt::format("iago: {}\n", error.what()));
  const auto* ours = dynamic_cast<const Error*>(&error);
  if (ours == nullptr) return 1;
  if (!ours->hint().empty()) tell(fmt::format("hint: {}\n", ours->hint()));
  return exit_code(ours->code());
}

}  // namespace iago::cli
