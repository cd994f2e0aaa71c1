#include "cli/internal/command_tree.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

namespace iago {
namespace {

// CLI11 tells what values an option takes in the name of their type alone: "TEXT:{gap,name}".
std::vector<std::string> choices_of(const std::string& type) {
  std::vector<std::string> choices;
  const auto begin = type.find('{'), end = type.find('}');
  if (begin == std::string::npos || end == std::string::npos || end < begin) return choices;
  const std::string list = type.substr(begin + 1, end - begin - 1);
  for (std::size_t from = 0; from <= list.size();) {
    const std::size_t comma = std::min(list.find(',', from), list.size());
    choices.push_back(list.substr(from, comma - from));
    from = comma + 1;
  }
  return choices;
}

OptionShape shape_of(const CLI::Option& option) {
  OptionShape shape{.description = option.get_description(),
                    .takes_value = option.get_items_expected_max() > 0,
                    .choices = choices_of(option.get_type_name())};
  for (const std::string& name : option.get_lnames()) shape.names.push_back("--" + name);
  for (const std::string& name : option.get_snames()) shape.names.push_back("-" + name);
  if (shape.names.empty()) shape.names.push_back(option.get_name(true));
  std::ranges::replace(shape.description, '\n', ' ');
  return shape;
}

void add(const CLI::App& command, const std::string& path, std::vector<CommandShape>& tree) {
  CommandShape shape{
      .path = path, .description = command.get_description(), .footer = command.get_footer()};
  for (const CLI::Option* option : command.get_options({})) {
    if (!option->get_group().empty()) shape.options.push_back(shape_of(*option));
  }
  std::ranges::stable_partition(shape.options, &OptionShape::is_positional);
  const auto below = command.get_subcommands(
      [](const CLI::App* one) { return !one->get_group().empty() && !one->get_name().empty(); });
  for (const CLI::App* one : below) shape.commands.push_back(one->get_name());
  tree.push_back(std::move(shape));
  for (const CLI::App* one : below) {
    add(*one, path.empty() ? one->get_name() : path + " " + one->get_name(), tree);
  }
}

}  // namespace

std::vector<CommandShape> command_tree(const Program& iago) {
  std::vector<CommandShape> tree;
  add(iago.app(), "", tree);
  return tree;
}

}  // namespace iago
