// What every subcommand gets beside its own arguments.
#pragma once

#include <filesystem>

namespace iago {

struct Context {
  std::filesystem::path data;        // the folder that holds settings/, queries/ and organisms/
  std::filesystem::path executable;  // this program's own path
  int argc = 0;
  const char* const* argv = nullptr;
};

}  // namespace iago
