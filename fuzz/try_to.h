// For a fuzz target that reads the same bytes in several ways, each on its own.
#pragma once

#include <string_view>

#include "base/error.h"

// An iago::Error ends the reading and has a message. Whatever else is thrown ends the program.
template <typename Read>
void try_to(Read read) {
  try {
    read();
  } catch (const iago::Error& error) {
    IAGO_CHECK(!std::string_view(error.what()).empty(), "an error without a message");
  }
}
