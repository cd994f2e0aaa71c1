#include "cli/internal/output_option.h"

#include <CLI/CLI.hpp>

namespace iago {

void OutputOption::add_to(CLI::App& command) {
  command.add_flag_callback(
      "--json", [this] { json = true; }, "Print JSON on standard output");
}

}  // namespace iago
