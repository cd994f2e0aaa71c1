// An error as users see it, and the exit code that goes with it.
#pragma once

#include <exception>

namespace iago {

// Prints the error and its hint on standard error. Returns the exit code: what the user gave is
// wrong 2, stopped by the user 130, what happened on the way 1.
int print_failure(const std::exception& error);

}  // namespace iago
