#include "cli/internal/resumable_end.h"

#include <fmt/format.h>

#include "cli/internal/exit_status.h"
#include "cli/internal/streams.h"
#include "text/printable.h"

namespace iago {

int resumable_end(const std::filesystem::path& folder, bool interrupted,
                  const std::vector<std::string>& lacking) {
  if (interrupted) {
    print_stderr(
        fmt::format("interrupted: {} can be resumed by the same command\n", folder.string()));
    return kInterrupted;
  }
  for (const std::string& what : lacking) {
    print_stderr(fmt::format("incomplete (exit status {}): {}\n", static_cast<int>(kIncomplete),
                             printable(what, 2000)));
  }
  return lacking.empty() ? kDone : kIncomplete;
}

}  // namespace iago
