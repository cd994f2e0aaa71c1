#include "bench/shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/random.h"
#include "bench/measuring.h"
#include "lm/gemm.h"

namespace iago::bench {
namespace {

LlamaConfig organism_config() {
  LlamaConfig config;
  config.vocab_size = 1000;
  config.hidden_size = 128;
  config.intermediate_size = 352;
  config.layers = 4;
  config.heads = config.kv_heads = 4;
  config.head_dim = 32;
  config.max_positions = 512;
  config.tied_embeddings = true;
  return config;
}

std::shared_ptr<const Weights> random_weights(const LlamaConfig& config) {
  Random random(1, "weights");
  return Weights::build(config, [&](const TensorSpec& spec, std::span<float> out) {
    const bool is_norm = spec.shape.size() == 1;
    for (float& value : out) {
      value = is_norm ? 1.0f : 0.08f * static_cast<float>(random.normal());
    }
  });
}

// Products of one pass. The activations' values are of no consequence.
class PassProducts {
 public:
  PassProducts(const Weights& weights, std::int64_t rows)
      : weights_(weights), rows_(rows), in_(size(widest()), 0.5f), out_(size(widest())) {}

  // Returns the operations done.
  double run() {
    const LlamaConfig& c = weights_.config();
    double done = 0;
    for (std::int64_t i = 0; i < c.layers; ++i) {
      const LayerWeights& layer = weights_.layer(i);
      done += multiply(c.hidden_size, c.query_width() + 2 * c.kv_width(), layer.qkv);
      done += multiply(c.query_width(), c.hidden_size, layer.output);
      done += multiply(c.hidden_size, 2 * c.intermediate_size, layer.gate_up);
      done += multiply(c.intermediate_size, c.hidden_size, layer.down);
    }
    if (!weights_.head().empty())
      return done + multiply(c.hidden_size, c.vocab_size, weights_.head());
    gemm_transposed(rows_, c.vocab_size, c.hidden_size, in_.data(), c.hidden_size,
                    weights_.embedding().data(), c.hidden_size, 0, out_.data(), c.vocab_size);
    return done + operations(c.hidden_size, c.vocab_size);
  }

 private:
  std::int64_t widest() const {
    const LlamaConfig& c = weights_.config();
    return std::max(
        {c.hidden_size, c.query_width() + 2 * c.kv_width(), 2 * c.intermediate_size, c.vocab_size});
  }
  std::size_t size(std::int64_t width) const { return static_cast<std::size_t>(rows_ * width); }
  double operations(std::int64_t inputs, std::int64_t outputs) const {
    return 2.0 * static_cast<double>(rows_ * inputs * outputs);
  }
  double multiply(std::int64_t inputs, std::int64_t outputs, std::span<const float> matrix) {
    gemm(rows_, outputs, inputs, in_.data(), inputs, matrix.data(), outputs, 0, out_.data(),
         outputs);
    return operations(inputs, outputs);
  }

  const Weights& weights_;
  std::int64_t rows_;
  std::vector<float> in_, out_;
};

// GFLOP/s of `products`, which returns its operations: the best of slices of 20 ms within 100 ms,
// since whatever disturbs a product can only slow it.
template <typename Products>
double best_gflops(Products products) {
  products();
  double best = 0;
  for (int slice = 0; slice < 5; ++slice) {
    double operations = 0;
    const CpuWatch watch;
    do operations += products();
    while (watch.seconds() < 0.02);
    best = std::max(best, operations / watch.seconds() * 1e-9);
  }
  return best;
}

}  // namespace

Subject the_subject() {
  const std::filesystem::path folder = std::filesystem::path(IAGO_SOURCE_DIR) / "organisms/faker";
  if (std::filesystem::exists(folder / "model.safetensors")) {
    return {Weights::load(folder), "the organism faker"};
  }
  return {random_weights(organism_config()), "random weights of the organisms' shape"};
}

std::vector<std::int32_t> random_tokens(const LlamaConfig& config, const std::string& name,
                                        std::int64_t count) {
  Random random(1, name);
  std::vector<std::int32_t> tokens(static_cast<std::size_t>(count));
  const auto choices = static_cast<std::uint64_t>(config.vocab_size - 2);
  for (std::int32_t& token : tokens) token = static_cast<std::int32_t>(2 + random.below(choices));
  return tokens;
}

double attention_operations(const LlamaConfig& config, double keys) {
  return 4.0 * static_cast<double>(config.layers * config.query_width()) * keys;
}

double operations_per_token(const Weights& weights, const SequenceShape& shape) {
  const double keys =
      static_cast<double>(shape.prompt()) + (static_cast<double>(shape.answer) - 1) / 2;
  return 2.0 * static_cast<double>(weights.matmul_parameter_count()) +
         attention_operations(weights.config(), keys);
}

double network_gemm_gflops(const Weights& weights, std::int64_t rows) {
  PassProducts products(weights, rows);
  return best_gflops([&] { return products.run(); });
}

double square_gemm_gflops(std::int64_t rows) {
  constexpr std::int64_t kWidth = 512;
  const std::vector<float> a(static_cast<std::size_t>(rows * kWidth), 0.5f),
      b(kWidth * kWidth, 0.25f);
  std::vector<float> c(a.size());
  return best_gflops([&] {
    gemm(rows, kWidth, kWidth, a.data(), kWidth, b.data(), kWidth, 0, c.data(), kWidth);
    return 2.0 * static_cast<double>(rows * kWidth * kWidth);
  });
}

}  // namespace iago::bench
