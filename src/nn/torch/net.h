// The inside of LlamaNet, for nn and train.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <span>
#include <vector>

#include "nn/internal/pass.h"
#include "nn/internal/weights.h"
#include "nn/llama_net.h"
#include "nn/policy_rows.h"

namespace iago {

struct LlamaNet::Impl {
  LlamaConfig config;
  std::vector<NamedParameter> parameters;
  std::vector<double> rope_frequencies;  // radians per position of each pair [head_dim / 2]
  at::Tensor flat;                       // [parameter_count], float32, on the net's device
};

TreePass make_tree_pass(const LlamaNet::Impl& net, const TokenForest& forest);

// The last norm's output for the given rows of the forest (they may repeat), [rows.size(), D], or
// for all N when `rows` is empty. The last layer's MLP is computed for these rows only.
at::Tensor hidden_states(const LlamaConfig& config, const WeightViews& weights,
                         const TreePass& pass, std::span<const std::int64_t> rows);

// One worker's gradient: its own buffer beside weights that all workers share. Not thread-safe;
// different ones may work at once, and nothing may change the weights meanwhile.
class GradientBuffer {
 public:
  explicit GradientBuffer(LlamaNet& net);

  // Adds the gradient of scale * sum(weight * -log p) over the forest's targets. Returns that sum
  // without the scale.
  double accumulate(const TokenForest& forest, double scale);

  // Computes the forest by these weights and by `reference` (views of a network of the same shape),
  // gives `weigh` what both say at its targets, and adds the gradient of the sum that `weigh`
  // chooses (policy_rows.h). One pass forward: the weights may depend on what it found.
  using Weigh = std::function<PolicyWeights(const PolicyRows& rows)>;
  void accumulate(const TokenForest& forest, const WeightViews& reference, const Weigh& weigh);

  void clear() { gradient_.zero_(); }
  // [parameter_count], on the net's device.
  const at::Tensor& gradient() const { return gradient_; }

 private:
  LlamaNet::Impl& net_;
  at::Tensor gradient_;
  WeightViews leaves_;  // views of the net's weights that carry gradients into gradient_
};

}  // namespace iago
