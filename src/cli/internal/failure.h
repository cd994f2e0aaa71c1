// An error as users see it, and the exit code that goes with it.
#pragma once

#include <exception>

namespace iago {

// Prints the error and its hint on standard error. Returns the exit code: 2 if what the user gave
// is wrong, 130 if the user stopped the work, 1 for every other error.
int print_failure(const std::exception& error);

}  // namespace iago
