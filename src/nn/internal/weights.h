// Where each parameter lies in the flat buffer, and the buffer seen as the network's matrices.
#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "lm/config.h"
#include "nn/internal/fused.h"
#include "nn/llama_net.h"

namespace iago {

// The tensors of tensor_specs() (lm/weights.h): matrices first (they decay), then norms and
// biases; q, k, v and gate, up are neighbours.
std::vector<NamedParameter> layout(const LlamaConfig& config);

std::int64_t element_count(const NamedParameter& parameter);

// Elements in all parameters of the layout.
std::int64_t parameter_count(const std::vector<NamedParameter>& parameters);

struct LayerViews {
  at::Tensor attention_norm;  // [D]
  AttentionWeights attention;
  at::Tensor mlp_norm;  // [D]
  at::Tensor gate_up;   // [2I, D]
  at::Tensor down;      // [D, I]
};

struct WeightViews {
  at::Tensor embed;  // [V, D]
  at::Tensor head;   // [V, D]; the same tensor as embed when tied
  at::Tensor norm;   // [D]
  std::vector<LayerViews> layers;
};

// Views of `flat` [parameter_count]; writing to one writes to the other.
WeightViews view_weights(const at::Tensor& flat, const LlamaConfig& config);

// Every distinct tensor of the weights, for handing out gradients.
std::vector<at::Tensor*> each_weight(WeightViews& weights);

}  // namespace iago
