#include "training/internal/seeds.h"

#include <fmt/format.h>

#include <set>

namespace iago {

std::vector<std::uint64_t> seeds_together(const std::vector<std::uint64_t>& was,
                                          const std::vector<std::uint64_t>& added) {
  std::set<std::uint64_t> seeds(was.begin(), was.end());
  seeds.insert(added.begin(), added.end());
  return {seeds.begin(), seeds.end()};
}

void train_seeds(const std::vector<std::uint64_t>& seeds,
                 const std::function<std::optional<TrainingEnd>(std::uint64_t seed)>& train_seed,
                 TrainingResult& result) {
  for (const std::uint64_t seed : seeds) {
    const auto ended = train_seed(seed);
    if (!ended) {
      result.interrupted = true;
      return;
    }
    if (ended->why != TrainingEnd::Why::alarm) continue;
    result.alarms.push_back(
        fmt::format("seed {}, step {}: {}: {}", seed, ended->step, ended->alarm, ended->text));
  }
}

}  // namespace iago
