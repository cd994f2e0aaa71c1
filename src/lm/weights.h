// Weights: a network of the Llama family in float32, in the layouts that decoding multiplies with.
// Immutable once built, so that many engines share one.
//
// A matrix that Hugging Face stores as [outputs, inputs] lies here as [inputs, outputs]: a product
// of activations [B, inputs] with it then needs no transposition, which is the faster kernel for
// few rows. Matrices with the same input are joined (q, k, v; gate, up).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lm/config.h"
#include "lm/safetensors.h"

namespace iago {

struct LayerWeights {
  std::vector<float> input_norm;  // [D]
  std::vector<float> qkv;         // [D, (H + 2 KV) * head_dim]; q, then k, then v
  std::vector<float> qkv_bias;    // [(H + 2 KV) * head_dim], or empty
  std::vector<float> output;      // [H * head_dim, D]
  std::vector<float> feed_norm;   // [D]; post_attention_layernorm
  std::vector<float> gate_up;     // [D, 2 * intermediate]; gate, then up
  std::vector<float> down;        // [intermediate, D]
};

// Name (as in a Hugging Face checkpoint) and shape of one stored tensor.
struct TensorSpec {
  std::string name;
  std::vector<std::int64_t> shape;
};

// Every tensor that a checkpoint of this config holds, in the order of a forward pass.
std::vector<TensorSpec> tensor_specs(const LlamaConfig& config);

class Weights {
 public:
  // Fills `out` with the tensor's values, row-major. Throws if it has none.
  using Source = std::function<void(const TensorSpec& spec, std::span<float> out)>;

  // Asks `source` once for each of tensor_specs(config). Error invalid if the config is.
  static std::shared_ptr<const Weights> build(const LlamaConfig& config, const Source& source);
  // Copies weights from memory: each of tensor_specs(config) once, in any order, and no other.
  // Error invalid that names the tensor for one that is missing, unknown, given twice or of another
  // shape; corrupt for numbers that are not finite. Nothing of `tensors` is kept.
  static std::shared_ptr<const Weights> from_tensors(const LlamaConfig& config,
                                                     std::span<const TensorView> tensors);
  // Reads config.json and the safetensors of a Hugging Face folder, and merges the LoRA adapter of
  // the folder `adapter` into them (empty: none). Errors as in config.h, safetensors.h and lora.h.
  // Tensors that the config does not call for are ignored.
  static std::shared_ptr<const Weights> load(const std::filesystem::path& folder,
                                             const std::filesystem::path& adapter = {});

  const LlamaConfig& config() const { return config_; }
  const LayerWeights& layer(std::int64_t i) const { return layers_[static_cast<std::size_t>(i)]; }
  std::span<const float> embedding() const { return embedding_; }    // [V, D]
  std::span<const float> final_norm() const { return final_norm_; }  // [D]
  std::span<const float> head() const {
    return head_;
  }  // [D, V], or empty: then the
     // embedding's transpose
  // Of the stored tensors; a tied head counts once.
  std::size_t parameter_count() const;
  // Parameters that each generated token is multiplied with: all but the embedding look-up and the
  // norms; a tied head counts. For shares of the GEMM rate.
  std::size_t matmul_parameter_count() const;

 private:
  explicit Weights(const LlamaConfig& config) : config_(config) {}

  LlamaConfig config_;
  std::vector<float> embedding_, final_norm_, head_;
  std::vector<LayerWeights> layers_;
};

}  // namespace iago
