#include "cli/internal/wrong_usage.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <vector>

#include "base/nearest.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr std::size_t kShownOfArgument = 80;

// The innermost command that was named, and its name as people type it: "iago settings show".
struct NamedCommand {
  const CLI::App* command;
  std::string name;
};

NamedCommand innermost_of(const CLI::App& program) {
  NamedCommand named{&program, program.get_name()};
  while (!named.command->get_subcommands().empty()) {
    named.command = named.command->get_subcommands().front();
    named.name += " " + named.command->get_name();
  }
  return named;
}

std::vector<std::string> commands_below(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* below : command.get_subcommands([](const CLI::App*) { return true; })) {
    if (!below->get_group().empty()) names.push_back(below->get_name());  // else it is hidden
  }
  return names;
}

std::vector<std::string> long_options_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::string in_quotes(const std::string& argument) {
  return '"' + printable(argument, kShownOfArgument) + '"';
}

// `Did you mean "run"? `, or nothing.
std::string meant(const std::string& typed, const std::vector<std::string>& known) {
  const std::string nearest = nearest_name(typed, known);
  return nearest.empty() ? std::string() : fmt::format("Did you mean \"{}\"? ", nearest);
}

std::string help_of(const NamedCommand& named, std::string_view what) {
  return fmt::format("{} --help lists the {}", named.name, what);
}

UsageError unknown_option(const NamedCommand& named, const std::string& typed) {
  const std::string name = typed.substr(0, typed.find('='));
  return {.message = fmt::format("{} has no option {}", named.name, in_quotes(name)),
          .hint = meant(name, long_options_of(*named.command)) + help_of(named, "options")};
}

UsageError no_command(const NamedCommand& named, const std::vector<std::string>& rest) {
  const auto commands = commands_below(*named.command);
  if (rest.empty()) {
    return {.message = fmt::format("name a command: {}", fmt::join(commands, ", ")),
            .hint = help_of(named, "commands")};
  }
  return {.message = fmt::format("{} has no command {}", named.name, in_quotes(rest.front())),
          .hint = meant(rest.front(), commands) + help_of(named, "commands")};
}

}  // namespace

UsageError wrong_usage(const CLI::App& program, const CLI::ParseError& error) {
  const NamedCommand named = innermost_of(program);
  const std::vector<std::string> rest = named.command->remaining();
  const auto option = std::ranges::find_if(
      rest, [](const std::string& text) { return text.size() > 1 && text.front() == '-'; });
  if (option != rest.end()) return unknown_option(named, *option);
  const bool is_group = named.command->get_require_subcommand_min() > 0;
  if (is_group && dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    return no_command(named, rest);
  }
  if (!rest.empty()) {
    return {.message = fmt::format("{} does not take {}", named.name, in_quotes(rest.front())),
            .hint = help_of(named, "arguments and options")};
  }
  return {.message = error.what(), .hint = help_of(named, "arguments and options")};
}

}  // namespace iago
