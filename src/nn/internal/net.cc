#include "nn/torch/net.h"

#include <torch/csrc/autograd/variable.h>

#include <tuple>

namespace iago {

TreePass make_tree_pass(const LlamaNet::Impl& net, const TokenForest& forest) {
  const AttentionShape shape{net.config.heads, net.config.kv_heads, net.config.head_dim};
  return TreePass(forest, shape, net.rope_frequencies);
}

at::Tensor hidden_states(const LlamaConfig& config, const WeightViews& weights,
                         const TreePass& pass, std::span<const std::int64_t> rows) {
  const double epsilon = config.rms_norm_eps;
  const std::vector<std::int64_t> tokens(pass.forest.tokens.begin(), pass.forest.tokens.end());
  at::Tensor residual = fused::gather_rows(weights.embed, tokens);
  at::Tensor x = fused::rms_norm(residual, weights.layers.front().attention_norm, epsilon);
  for (std::size_t l = 0; l < weights.layers.size(); ++l) {
    const LayerViews& layer = weights.layers[l];
    const bool last = l + 1 == weights.layers.size();
    at::Tensor delta = fused::attention(x, layer.attention, pass);
    if (last && !rows.empty()) {
      residual = fused::gather_rows(residual, rows);
      delta = fused::gather_rows(delta, rows);
    }
    std::tie(residual, x) = fused::add_rms_norm(residual, delta, layer.mlp_norm, epsilon);
    delta = fused::mlp(x, layer.gate_up, layer.down);
    const at::Tensor& next = last ? weights.norm : weights.layers[l + 1].attention_norm;
    std::tie(residual, x) = fused::add_rms_norm(residual, delta, next, epsilon);
  }
  return x;
}

GradientBuffer::GradientBuffer(LlamaNet& net)
    : net_(net.impl()), gradient_(at::zeros_like(net_.flat)) {
  leaves_ = view_weights(net_.flat, net_.config);
  WeightViews gradients = view_weights(gradient_, net_.config);
  const std::vector<at::Tensor*> leaves = each_weight(leaves_), sinks = each_weight(gradients);
  const bool tied = leaves_.head.is_same(leaves_.embed);
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    *leaves[i] = leaves[i]->detach().set_requires_grad(true);
    // Autograd adds into a gradient that is there already instead of making its own.
    leaves[i]->mutable_grad() = *sinks[i];
  }
  if (tied) leaves_.head = leaves_.embed;
}

double GradientBuffer::accumulate(const TokenForest& forest, double scale) {
  if (forest.targets.empty()) return 0;
  const TreePass pass = make_tree_pass(net_, forest);
  std::vector<std::int64_t> rows;
  rows.reserve(forest.targets.size());
  for (const TokenForest::Target& target : forest.targets) rows.push_back(target.row);
  const at::Tensor x = hidden_states(net_.config, leaves_, pass, rows);
  double weighted_loss = 0;
  const at::Tensor loss =
      fused::cross_entropy(x, leaves_.head, forest.targets, scale, &weighted_loss);
  loss.backward();
  return weighted_loss;
}

}  // namespace iago
