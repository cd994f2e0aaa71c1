// --seeds and --seed: with which seeds a command trains, one after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace iago {

struct SeedsOption {
  std::size_t count = 1;             // 1 to that number
  std::optional<std::uint64_t> one;  // that one alone

  void add_to(CLI::App& command,
              const std::string& help = "Train with the seeds 1 to N, one after the other");
  std::vector<std::uint64_t> seeds() const;
};

}  // namespace iago
