// --threads: how much of this machine a local model takes.
#pragma once

#include <cstddef>

namespace CLI {
class App;
}

namespace iago {

struct ThreadsOption {
  std::size_t count = 0;  // 0 = one per core

  void add_to(CLI::App& command);
};

}  // namespace iago
