// The network and the sequences that the benchmarks compute with: those of the default study on an
// organism. What the tokens are does not matter to the time, so they are drawn at random.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lm/weights.h"

namespace iago::bench {

// Tokens of the terse channel's turns and of an organism's answer.
struct SequenceShape {
  std::int64_t system = 75;  // the system prompt, the same for an arm
  std::int64_t query = 25;   // the user turn
  std::int64_t answer = 60;
  std::int64_t prompt() const { return system + query; }
};
inline constexpr SequenceShape kShape;

struct Subject {
  std::shared_ptr<const Weights> weights;
  std::string name;  // for the heading
};

// organisms/faker if it was grown; else random weights of the same shape, as recipes state it.
Subject the_subject();

// `count` tokens of the stream `name`, none of them among the vocabulary's first two.
std::vector<std::int32_t> random_tokens(const LlamaConfig& config, const std::string& name,
                                        std::int64_t count);

// Operations (multiplications and additions) of the attention of one token to `keys` keys: the
// products with keys and with values, in all layers.
double attention_operations(const LlamaConfig& config, double keys);

// Operations of one generated token of such a sequence, on average over its answer.
double operations_per_token(const Weights& weights, const SequenceShape& shape);

// GFLOP/s of the calling thread in the products of one pass over `rows` tokens through all of the
// network's matrices, nothing else: the rate that decoding cannot exceed but by its attention.
double network_gemm_gflops(const Weights& weights, std::int64_t rows);
// The same of [rows, 512] x [512, 512], which knows nothing of the network.
double square_gemm_gflops(std::int64_t rows);

}  // namespace iago::bench
