// LlamaNet: a network of the Llama family (RMSNorm, rotary positions, grouped-query attention,
// SwiGLU, optional q/k/v biases, tied or untied embeddings) on LibTorch, for training, for the GPU,
// and as the oracle of the decoder in `lm`. It is not a sampler: `lm` decodes faster on CPU.
//
// Parameters carry Hugging Face names and lie in one flat float32 buffer, so that an optimiser or
// an average of weights is one pass over it. Sources: Touvron et al. 2023 (arXiv 2302.13971);
// rotary positions as `rotate_half` in Hugging Face transformers.
//
// Thread safety: const functions may run in several threads at once; nothing else may run beside
// them. Each thread uses as many cores as set_compute_threads() said in it (one at first).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lm/config.h"
#include "lm/dtype.h"
#include "lm/safetensors.h"
#include "nn/token_tree.h"

namespace iago {

enum class Device { cpu, cuda };

// True if this build and machine can compute on the device.
bool available(Device device);

// Cores for one operation of the calling thread. Training is steadiest with one core per thread and
// several threads (TrainOptions::workers).
void set_compute_threads(int threads);

struct NamedParameter {
  std::string name;                 // "model.layers.0.self_attn.q_proj.weight"
  std::vector<std::int64_t> shape;  // [outputs, inputs] for a matrix
  std::int64_t offset = 0;          // of the first element in the flat buffer
};

// Each parameter as it lies in a copy of the flat buffer (LlamaNet::flat_parameters), as a sampler
// takes weights (TokenModel::replace_weights). The views are of `flat`, as long as it lives.
std::vector<TensorView> tensor_views(const std::vector<NamedParameter>& parameters,
                                     std::span<const float> flat);

class LlamaNet {
 public:
  // Random weights: normal with deviation 1 / sqrt(inputs) (LeCun et al. 1998; at the widths of
  // organisms the usual 0.02 leaves the attention flat for hundreds of steps), the projections that
  // write into the residual stream (o_proj, down_proj) divided by sqrt(2 * layers) besides (Radford
  // et al. 2019, section 2.3); norms 1, biases 0. The same seed gives the same weights on every
  // machine and device.
  // Error invalid for a config that cannot be computed; unsupported for a device that is not there.
  LlamaNet(const LlamaConfig& config, std::uint64_t seed, Device device = Device::cpu);

  // Reads config.json and the safetensors of a Hugging Face folder, and merges the LoRA adapter of
  // the folder `adapter` into them (empty: none). Errors as in lm/.
  static LlamaNet load(const std::filesystem::path& folder, Device device = Device::cpu,
                       const std::filesystem::path& adapter = {});

  ~LlamaNet();
  LlamaNet(LlamaNet&&) noexcept;
  LlamaNet& operator=(LlamaNet&&) noexcept;

  // The same weights in another buffer.
  LlamaNet clone() const;
  void to(Device device);
  Device device() const;

  // Writes config.json, generation_config.json and model.safetensors into the folder, which is made
  // if need be. float32 or float16 (rounded to nearest even). Errors as of write_safetensors.
  void save(const std::filesystem::path& folder, DType dtype = DType::float32) const;

  const LlamaConfig& config() const;
  std::int64_t parameter_count() const;
  // In the order of the flat buffer. Matrices that are multiplied with the same input are
  // neighbours (q, k, v; gate, up), so that one product serves them.
  const std::vector<NamedParameter>& parameters() const;

  // Copies of the flat buffer [parameter_count()]; set_ checks the length and that all is finite.
  std::vector<float> flat_parameters() const;
  void set_flat_parameters(std::span<const float> values);

  // Logits for every token of the forest, row-major [N, V].
  std::vector<float> logits(const TokenForest& forest) const;
  // log p(target | what comes before), natural, for each of forest.targets in its order.
  std::vector<float> log_probs(const TokenForest& forest) const;

  struct Impl;  // nn/torch/net.h, for nn and train only
  Impl& impl() { return *impl_; }
  const Impl& impl() const { return *impl_; }

 private:
  explicit LlamaNet(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace iago
