// The command line as plain values, for what is written of all of it at once: the manual and the
// completions of shells.
#pragma once

#include <string>
#include <vector>

#include "cli/internal/program.h"

namespace iago {

struct OptionShape {
  std::vector<std::string> names;  // "--json", "-h"; of a positional argument its one bare name
  std::string description;         // one line
  bool takes_value = false;
  std::vector<std::string> choices;  // of the value, where only these are allowed
  bool is_positional() const { return !names.front().starts_with('-'); }
};

struct CommandShape {
  std::string path;  // below the program: "", "run", "judge validate"
  std::string description;
  std::vector<OptionShape> options;   // the positional arguments first
  std::vector<std::string> commands;  // the names of those below it
  std::string footer;                 // examples
};

// The program itself first, then its commands in the order of `iago --help`, each before those
// below it. Hidden commands are left out.
std::vector<CommandShape> command_tree(const Program& iago);

}  // namespace iago
