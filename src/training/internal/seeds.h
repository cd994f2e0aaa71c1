// What every training of several seeds has in common. Private to the room.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "base/json.h"
#include "figures/training.h"
#include "training/training_result.h"

namespace iago {

// What makes two trainings the same, whatever their seeds and the program that runs them.
template <typename Plan>
Json without_seeds(const Plan& plan) {
  Json json = to_json(plan);
  json.erase("seeds");
  json.erase("program");
  return json;
}

// Those of both, in ascending order, each once.
std::vector<std::uint64_t> seeds_together(const std::vector<std::uint64_t>& was,
                                          const std::vector<std::uint64_t>& added);

// Trains one seed after the other, and collects their alarms. `train_seed` returns how the seed
// ended; absent: it was interrupted, and so are the seeds after it.
void train_seeds(const std::vector<std::uint64_t>& seeds,
                 const std::function<std::optional<TrainingEnd>(std::uint64_t seed)>& train_seed,
                 TrainingResult& result);

}  // namespace iago
