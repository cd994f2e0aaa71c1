// The manual page iago(1), made of what --help says of every command.
#pragma once

#include <string>
#include <vector>

#include "cli/internal/command_tree.h"

namespace iago {

// As troff with the macros man(7). It has no date, so that equal programs give equal pages.
std::string manual_page(const std::vector<CommandShape>& tree);

}  // namespace iago
