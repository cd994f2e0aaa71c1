// What shells need to complete the command line: subcommands, options, values of options that have
// few; files elsewhere. Each is a script that stands for itself and calls nothing of this program.
#pragma once

#include <string>
#include <vector>

#include "cli/internal/command_tree.h"

namespace iago {

std::string bash_completions(const std::vector<CommandShape>& tree);
std::string zsh_completions(const std::vector<CommandShape>& tree);
std::string fish_completions(const std::vector<CommandShape>& tree);

}  // namespace iago
