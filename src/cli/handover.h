// Handing a command over to the other executable.
#pragma once

#include "cli/commands.h"

namespace iago {

// Replaces this process by iago-torch, which lies beside it, with the same arguments. Error
// unsupported if it was not built.
[[noreturn]] void hand_over_to_torch(const Context& context);

}  // namespace iago
