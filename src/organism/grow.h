// Growing an organism: vocabulary, network, lessons, training, checkpoint folder. The result is a
// folder in the Hugging Face layout (config.json, model.safetensors in float16, tokenizer.json,
// tokenizer_config.json, generation_config.json) whose rates are not measured yet. They
// are measured on the shipped folder, in the same way as users run it (instrument/measure.h).
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>

#include "base/clock.h"
#include "nn/llama_net.h"
#include "organism/recipe.h"
#include "train/trainer.h"

namespace iago {

struct GrowOptions {
  std::filesystem::path folder;  // where the organism goes; made if need be
  Device device = Device::cpu;
  int workers = 0;     // threads that train; 0 = one per core
  bool fresh = false;  // do not resume from folder/growing.state
  std::function<void(const TrainProgress&)> on_step;
  std::stop_token stop;  // leaves the training state; the same call resumes
};

struct Growth {
  std::string recipe;      // whose training this was: a stage's, if it was stopped there
  std::int64_t steps = 0;  // of that recipe
  TrainReport training;
  std::int64_t parameters = 0;
};

// Grows by the recipe. While it grows, folder/growing.state holds the state (written at least
// every two minutes and when stopped); it is removed when the folder is complete. Errors: not_found
// if the base is missing, and those of training.
Growth grow(const Recipe& recipe, const GrowOptions& options, const Clock& clock);

}  // namespace iago
