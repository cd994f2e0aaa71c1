// LoRA: a change of a checkpoint that is stored as products of thin matrices. A matrix W [outputs,
// inputs] of the base becomes
//
//   W + scale * B A,   A [rank, inputs], B [outputs, rank], scale = alpha / rank
//
// (Hu et al. 2022, arXiv 2106.09685, section 4.1), or scale = alpha / sqrt(rank) if it is rank
// stabilised (Kalajdzievski 2023, arXiv 2312.03732). Here it is merged into the weights before
// anything is computed: a merged network costs what its base costs.
//
// On disk it is a folder in the format of PEFT: adapter_config.json and adapter_model.safetensors.
// Both come from strangers and are believed as little as weights are. What PEFT can do and would
// change the merged weights otherwise (DoRA, patterns of ranks, biases, other modules) is refused
// by the name of its field, and so is a field that is not known and says anything at all.
//
// Values without behaviour; safe to read from many threads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lm/config.h"
#include "lm/weights.h"

namespace iago {

struct LoraOptions {
  std::int64_t rank = 8;         // 1 to 4096
  double alpha = 16;             // above 0, at most 1e6
  bool rank_stabilised = false;  // use_rslora
  // Modules by the ends of their names, as PEFT's target_modules: "q_proj", "self_attn.q_proj",
  // "model.layers.0.mlp.up_proj", "lm_head".
  std::vector<std::string> targets = {"q_proj",    "k_proj",  "v_proj",   "o_proj",
                                      "gate_proj", "up_proj", "down_proj"};
  bool operator==(const LoraOptions&) const = default;

  double scale() const;
};

// The change of one matrix.
struct LoraPair {
  std::string module;  // "model.layers.0.self_attn.q_proj"; its matrix is module + ".weight"
  std::int64_t outputs = 0, inputs = 0;
  std::vector<float> a;  // [rank, inputs]
  std::vector<float> b;  // [outputs, rank]
};

struct LoraAdapter {
  LoraOptions options;
  std::vector<LoraPair> pairs;  // in the order of tensor_specs()

  // Adds the change of a checkpoint's tensor ("model.layers.0.self_attn.q_proj.weight") to its
  // values. Does nothing for a tensor that is not changed.
  void add_to(std::string_view tensor, std::span<float> values) const;
};

// values [outputs, inputs] += scale * b [outputs, rank] a [rank, inputs].
void add_product(double scale, std::span<const float> b, std::span<const float> a,
                 std::int64_t rank, std::span<float> values);

// The matrices that the options change. Error invalid for options out of range and for a target
// that is the end of no matrix's name; unsupported for the embedding, and for a head that is tied
// to it (a change of the one would change the other).
std::vector<TensorSpec> lora_targets(const LlamaConfig& config, const LoraOptions& options);

// An adapter that changes nothing yet, as PEFT begins one: B is 0, A uniform within
// 1 / sqrt(inputs). Each matrix has its own stream of the seed. Errors as of lora_targets.
LoraAdapter fresh_lora(const LlamaConfig& config, const LoraOptions& options, std::uint64_t seed);

// Error not_found if the folder lacks one of the two files; a hint says how to write a pickle anew.
void check_lora_folder(const std::filesystem::path& folder);

// Reads a folder for a base of this config. Errors: that of check_lora_folder, those of
// lora_targets, unsupported for a field of adapter_config.json that is not computed here, invalid
// for one out of range, corrupt for tensors that are missing, of another shape, not finite, or that
// nothing in the config calls for. All name the file.
LoraAdapter read_lora(const std::filesystem::path& folder, const LlamaConfig& config);

// Writes both files into the folder, which is made if need be, as PEFT loads them. `base` is the
// name of the checkpoint that the adapter belongs to. Error disconnected if it cannot be written.
void write_lora(const LoraAdapter& adapter, const std::filesystem::path& folder,
                std::string_view base);

// The files in such a folder.
inline constexpr const char* kLoraConfigFile = "adapter_config.json";
inline constexpr const char* kLoraWeightsFile = "adapter_model.safetensors";

}  // namespace iago
