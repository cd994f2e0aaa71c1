#include "cli/internal/case_runs.h"

#include <fmt/format.h>

namespace iago {

CaseRuns case_runs(const Context& context, const std::filesystem::path& runs,
                   const InterruptGuard& interrupt, const std::string& subject,
                   ProgressLine& line) {
  return {.data = context.data,
          .runs = runs,
          .no_more = interrupt.no_more(),
          .at_once = interrupt.at_once(),
          .on_progress = [&line, subject](const std::string& what, const RunProgress& progress) {
            line.show(
                fmt::format("{}, {}: {} of {}", subject, what, progress.stored, progress.planned));
          }};
}

}  // namespace iago
