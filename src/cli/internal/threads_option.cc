#include "cli/internal/threads_option.h"

#include <CLI/CLI.hpp>

namespace iago {

void ThreadsOption::add_to(CLI::App& command) {
  command.add_option("--threads", count, "Threads of a local model (0: one per core)");
}

}  // namespace iago
