// iago generate
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/internal/command_tree.h"
#include "cli/internal/completions.h"
#include "cli/internal/manual.h"
#include "cli/internal/program.h"

namespace iago {
namespace {

struct GenerateArguments {
  const Program* iago = nullptr;
  std::string what;
};

int generate_command(const GenerateArguments& arguments, const Context&) {
  const std::vector<CommandShape> tree = command_tree(*arguments.iago);
  const auto write = arguments.what == "man"    ? manual_page
                     : arguments.what == "bash" ? bash_completions
                     : arguments.what == "zsh"  ? zsh_completions
                                                : fish_completions;
  fmt::print("{}", write(tree));
  return 0;
}

}  // namespace

// Hidden: the build calls it for what is installed, and few others need it.
void add_generate(Program& iago) {
  auto [command, a] = iago.add<GenerateArguments>(
      "generate", "Print the manual page, or the completions of a shell", generate_command);
  a.iago = &iago;
  command.group("");
  command.add_option("what", a.what, "man, bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"man", "bash", "zsh", "fish"}));
  command.footer("Example:\n  source <(iago generate bash)");
}

}  // namespace iago
