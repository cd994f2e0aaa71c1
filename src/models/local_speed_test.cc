#include "models/local_speed.h"

#include <gtest/gtest.h>

namespace iago {
namespace {

LlamaConfig config_of(std::int64_t layers) {
  LlamaConfig config;
  config.vocab_size = 100;
  config.hidden_size = 64;
  config.intermediate_size = 128;
  config.layers = layers;
  config.heads = config.kv_heads = 2;
  config.head_dim = 32;
  config.max_positions = 512;
  return config;
}

// Not how fast: that is the machine's.
TEST(LocalSpeed, IsAPositiveNumberForAnyShareOfThreads) {
  for (std::size_t threads : {1u, 3u}) {
    for (std::size_t rows : {1u, 2u, 100u}) {
      EXPECT_GT(estimate_tokens_per_second(config_of(2), threads, rows, 100), 0) << rows;
    }
  }
}

// Thirty times the work, on whatever machine: far beyond what its load can change.
TEST(LocalSpeed, FallsWithTheSizeOfTheNetworkAndItsContext) {
  const double small = estimate_tokens_per_second(config_of(1), 1, 16, 0);
  EXPECT_GT(small, 2 * estimate_tokens_per_second(config_of(64), 1, 16, 0));
  EXPECT_GT(small, 2 * estimate_tokens_per_second(config_of(1), 1, 16, 1e5));
}

}  // namespace
}  // namespace iago
