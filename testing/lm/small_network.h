// What this room's tests share: random networks, what an Error says.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/error.h"
#include "base/random.h"
#include "lm/weights.h"
#include "testing/base/temp_folder.h"

namespace iago {

inline std::filesystem::path testdata(std::string_view name) {
  return std::filesystem::path(IAGO_SOURCE_DIR) / "src/lm/testdata" / name;
}

inline LlamaConfig small_config() {
  LlamaConfig config;
  config.vocab_size = 61;
  config.hidden_size = 24;
  config.intermediate_size = 40;
  config.layers = 2;
  config.heads = 4;
  config.kv_heads = 2;
  config.head_dim = 6;
  config.max_positions = 96;
  return config;
}

// Weights so large that attention and the next token really depend on what came before.
inline std::shared_ptr<const Weights> random_weights(const LlamaConfig& config) {
  Random random(11, "weights");
  return Weights::build(config, [&](const TensorSpec& spec, std::span<float> out) {
    const float scale = spec.shape.size() == 1 ? 0.1f : 0.35f;
    const float middle = spec.shape.size() == 1 ? 1.0f : 0.0f;
    for (float& value : out) value = middle + scale * static_cast<float>(random.normal());
  });
}

// Runs `action` and checks that it throws an Error of this code whose text holds every one of
// `words`.
template <typename Action>
void expect_error(ErrorCode code, std::initializer_list<std::string_view> words, Action action) {
  try {
    action();
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(name_of(error.code()), name_of(code)) << error.what();
    for (std::string_view word : words) {
      EXPECT_NE(std::string_view(error.what()).find(word), std::string_view::npos)
          << "\"" << word << "\" is not in: " << error.what();
    }
  }
}

}  // namespace iago
