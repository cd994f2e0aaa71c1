#include "nn/torch/net.h"

#include <torch/csrc/autograd/variable.h>

#include <tuple>

#include "base/error.h"
#include "fmt/format.h"

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

namespace {

// The rows of the forest that predict its targets.
std::vector<std::int64_t> predicting_rows(const TokenForest& forest) {
  std::vector<std::int64_t> rows;
  rows.reserve(forest.targets.size());
  for (const TokenForest::Target& target : forest.targets) rows.push_back(target.row);
  return rows;
}

}  // namespace

double GradientBuffer::accumulate(const TokenForest& forest, double scale) {
  if (forest.targets.empty()) return 0;
  const TreePass pass = make_tree_pass(net_, forest);
  const std::vector<std::int64_t> rows = predicting_rows(forest);
  const at::Tensor x = hidden_states(net_.config, leaves_, pass, rows);
  double weighted_loss = 0;
  const at::Tensor loss =
      fused::cross_entropy(x, leaves_.head, forest.targets, scale, &weighted_loss);
  loss.backward();
  return weighted_loss;
}

// The heads need no graph: their gradient is known in closed form, and is added to the head's own
// place before the pass back through the network starts from x.
void GradientBuffer::accumulate(const TokenForest& forest, const WeightViews& reference,
                                const Weigh& weigh) {
  if (forest.targets.empty()) return;
  const TreePass pass = make_tree_pass(net_, forest);
  const std::vector<std::int64_t> rows = predicting_rows(forest);
  const at::Tensor x = hidden_states(net_.config, leaves_, pass, rows);
  at::Tensor dx;
  {
    const at::NoGradGuard no_gradient;
    const PolicyHeads heads{x.detach(), leaves_.head.detach(),
                            hidden_states(net_.config, reference, pass, rows), reference.head,
                            forest.targets};
    const PolicyWeights weights = weigh(fused::policy_rows(heads));
    IAGO_CHECK(weights.score.size() == rows.size() && weights.divergence.size() == rows.size(),
               fmt::format("{} scores and {} weights for {} rows", weights.score.size(),
                           weights.divergence.size(), rows.size()));
    dx = fused::policy_gradient(heads, weights, leaves_.head.mutable_grad());
  }
  x.backward(dx);
}

}  // namespace iago
