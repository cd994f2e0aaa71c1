// What every subcommand gets beside its own arguments.
#pragma once

#include <filesystem>

#include "cli/internal/home.h"

namespace iago {

struct Context {
  Home data;                         // the folder that holds settings/, queries/ and organisms/
  std::filesystem::path executable;  // this program's own path
  int argc = 0;
  const char* const* argv = nullptr;
};

}  // namespace iago
