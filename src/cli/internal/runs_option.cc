#include "cli/internal/runs_option.h"

#include <CLI/CLI.hpp>

namespace iago {

void RunsOption::add_to(CLI::App& command, const std::string& help) {
  command.add_option("--runs", folder, help)->capture_default_str();
}

}  // namespace iago
