#include "cli/internal/failure.h"

#include <fmt/format.h>

#include <new>

#include "base/error.h"
#include "cli/internal/exit_status.h"
#include "cli/internal/streams.h"
#include "text/printable.h"

namespace iago {
namespace {

int exit_code(ErrorCode code) {
  if (code == ErrorCode::invalid || code == ErrorCode::not_found) return kWrongUsage;
  return code == ErrorCode::cancelled ? kInterrupted : kFailed;
}

}  // namespace

// Servers, models and files are quoted: what they say must not steer the terminal.
int print_failure(const std::exception& error) {
  constexpr std::size_t kShown = 4000;
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) {
    print_stderr(
        "iago: out of memory\n"
        "hint: lower --max-in-flight for models behind URLs, --threads for models on this machine, "
        "or the study's max_tokens; stored results are safe, and the same command resumes a run\n");
    return kFailed;
  }
  print_stderr(fmt::format("iago: {}\n", printable(error.what(), kShown)));
  const auto* ours = dynamic_cast<const Error*>(&error);
  if (ours == nullptr) return kFailed;
  if (!ours->hint().empty())
    print_stderr(fmt::format("hint: {}\n", printable(ours->hint(), kShown)));
  return exit_code(ours->code());
}

}  // namespace iago
