#include "cli/internal/seeds_option.h"

#include <CLI/CLI.hpp>
#include <numeric>

namespace iago {

void SeedsOption::add_to(CLI::App& command, const std::string& help) {
  command.add_option("--seeds", count, help)->check(CLI::Range(1, 1000))->capture_default_str();
  command.add_option("--seed", one, "Train with this seed alone")->excludes("--seeds");
}

std::vector<std::uint64_t> SeedsOption::seeds() const {
  std::vector<std::uint64_t> seeds(one ? 1 : count);
  std::iota(seeds.begin(), seeds.end(), one.value_or(1));
  return seeds;
}

}  // namespace iago
