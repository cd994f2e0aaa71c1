#include "cli/internal/program.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <map>
#include <utility>

#include "base/version.h"
#include "cli/internal/exit_status.h"
#include "cli/internal/wrong_usage.h"

namespace iago {
namespace {

// Commands that do nothing themselves.
const std::map<std::string, std::string> kGroups = {
    {"settings", "List settings and print their prompts"},
    {"documents", "Write, describe and export documents that teach a model facts"},
    {"organism", "List, grow and check organisms: small networks of known behaviour"},
    {"train", "Train a subject, and follow what that does to its behaviour"}};

// CLI11 wraps a negative number into an unsigned one, cuts what is too large, and takes "nan".
std::string not_this_kind(const std::string& type, const std::string& text) {
  const char *begin = text.data(), *end = begin + text.size();
  if (type.starts_with("UINT")) {
    std::uint64_t value = 0;
    const auto [read_to, error] = std::from_chars(begin, end, value);
    if (error == std::errc() && read_to == end) return {};
    return "a whole number of at least 0";
  }
  if (type.starts_with("INT")) {
    std::int64_t value = 0;
    const auto [read_to, error] = std::from_chars(begin, end, value);
    return error == std::errc() && read_to == end ? "" : "a whole number";
  }
  if (type.starts_with("FLOAT")) {
    double value = 0;
    const auto [read_to, error] = std::from_chars(begin, end, value);
    const bool is_number = error == std::errc() && read_to == end && std::isfinite(value);
    return is_number ? "" : "a finite number";
  }
  return {};
}

void check_numbers(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    const std::string type = option->get_type_name();
    option->check(CLI::Validator(
        [type](std::string& text) {
          const std::string expected = not_this_kind(type, text);
          return expected.empty() ? expected
                                  : fmt::format("expected {}, found \"{}\"", expected, text);
        },
        ""));
  }
  for (CLI::App* below : app.get_subcommands([](CLI::App*) { return true; })) check_numbers(*below);
}

}  // namespace

Program::Program()
    : app_(std::make_unique<CLI::App>(
          "Iago measures alignment faking: does a model behave differently when it believes "
          "that its answers are watched and trained on?",
          "iago")) {
  app_->set_version_flag("--version", std::string(kVersion));
  app_->require_subcommand(1);
  add_home_to(*app_);
  app_->footer(std::string("Start with:  iago run helpful-only\n"
                           "Help on one command:  iago run --help\n") +
               exit_help());
}

Program::~Program() = default;

// Before a command and after it, in whatever order people write it.
void Program::add_home_to(CLI::App& command) {
  command.add_option("--home", home_,
                     "The folder of settings, queries and organisms, if not the shipped one; also "
                     "the variable IAGO_HOME");
}

// The command above, which is made if it is a group.
CLI::App& Program::parent_of(const std::string& path) {
  const auto space = path.find(' ');
  if (space == std::string::npos) return *app_;
  const std::string name = path.substr(0, space);
  auto is_named = [&](const CLI::App* command) { return command->get_name() == name; };
  const auto found = app_->get_subcommands(is_named);
  if (!found.empty()) return *found.front();
  CLI::App* group = app_->add_subcommand(name, kGroups.at(name));
  group->require_subcommand(1);
  add_home_to(*group);
  return *group;
}

CLI::App& Program::add_command(const std::string& path, const std::string& description, Work work) {
  CLI::App* command = parent_of(path).add_subcommand(path.substr(path.find(' ') + 1), description);
  add_home_to(*command);
  // A command that has commands below it is called after them, too.
  command->callback([this, command, work = std::move(work)] {
    if (command->get_subcommands().empty()) chosen_ = work;
  });
  return *command;
}

// That of the innermost subcommand that was named.
std::string Program::help() const {
  CLI::App* innermost = app_.get();
  std::string before;  // "iago settings", for the line of usage
  while (!innermost->get_subcommands().empty()) {
    before += (before.empty() ? "" : " ") + innermost->get_name();
    innermost = innermost->get_subcommands().front();
  }
  return innermost->help(before);
}

int Program::run(const Context& context) {
  check_numbers(*app_);
  try {
    app_->parse(context.argc, context.argv);
  } catch (const CLI::Success& success) {
    const bool of_version = success.get_name() == "CallForVersion";
    fmt::print("{}", of_version ? std::string(kVersion) + "\n" : help());
    return 0;
  } catch (const CLI::ParseError& error) {
    throw wrong_usage(*app_, error);
  }
  Context with_home = context;
  with_home.data.set_named(home_);
  return chosen_(with_home);
}

}  // namespace iago
