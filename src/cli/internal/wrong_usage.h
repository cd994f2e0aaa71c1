// Says in plain words what is wrong with a command line.
#pragma once

#include "cli/internal/program.h"

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace iago {

// Of an error that CLI11 found: names the command or option that is unknown, with the nearest known
// one, or what is missing; the hint names the help to read.
UsageError wrong_usage(const CLI::App& program, const CLI::ParseError& error);

}  // namespace iago
