#include "cli/internal/format_option.h"

#include <CLI/CLI.hpp>

namespace iago {

void FormatOption::add_to(CLI::App& command) {
  command.add_option("--format", name, "Output format: text, md, json or html")
      ->check(CLI::IsMember({"text", "md", "json", "html"}))
      ->capture_default_str();
  command.add_flag_callback(
      "--json", [this] { name = "json"; }, "The same as --format json");
}

}  // namespace iago
