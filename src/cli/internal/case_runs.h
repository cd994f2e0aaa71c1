// How the commands that run many cells (measure, validate, calibrate) run them: stopped by Ctrl-C,
// with a line of progress.
#pragma once

#include <filesystem>
#include <string>

#include "cli/internal/context.h"
#include "cli/internal/interrupt.h"
#include "cli/internal/progress.h"
#include "instrument/study_cases.h"

namespace iago {

// The line, which is borrowed, says the subject, the cell, and how many completions it has.
CaseRuns case_runs(const Context& context, const std::filesystem::path& runs,
                   const InterruptGuard& interrupt, const std::string& subject, ProgressLine& line);

}  // namespace iago
