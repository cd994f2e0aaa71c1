#include "cli/internal/format_option.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>

namespace iago {

void FormatOption::add_to(CLI::App& command, const std::vector<std::string>& more) {
  std::vector<std::string> formats = {"text", "md", "json"};
  formats.insert(formats.end(), more.begin(), more.end());
  const std::string listed = fmt::format("{} or html", fmt::join(formats, ", "));
  formats.emplace_back("html");
  command.add_option("--format", name, "Output format: " + listed)
      ->check(CLI::IsMember(formats))
      ->capture_default_str();
  command.add_flag_callback(
      "--json", [this] { name = "json"; }, "The same as --format json");
}

}  // namespace iago
