// How measure, validate and calibrate run their cases: stopped by Ctrl-C, with a line of progress.
#pragma once

#include <filesystem>
#include <string>

#include "cli/internal/context.h"
#include "cli/internal/interrupt.h"
#include "cli/internal/progress.h"
#include "instrument/study_cases.h"

namespace iago {

// `line` shows the subject, the case and how many completions it has. It and `interrupt` are
// borrowed.
CaseRuns case_runs(const Context& context, const std::filesystem::path& runs,
                   const InterruptGuard& interrupt, const std::string& subject, ProgressLine& line);

}  // namespace iago
