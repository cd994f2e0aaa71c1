// The network's operations on at::Tensor with gradients. On CPU each is one autograd function over
// the plain passes of kernels.h and gemm.h; on other devices it is composed of LibTorch's own
// operations (namespace composite), which are also the oracle of the fused ones in the tests.
//
// float32, contiguous. Axes: N tokens of the forest, D width, C joined width of q, k and v, I inner
// width of the MLP, M rows that carry loss, V vocabulary.
#pragma once

#include <ATen/ATen.h>

#include <span>
#include <utility>

#include "nn/internal/pass.h"
#include "nn/policy_rows.h"

namespace iago {

struct AttentionWeights {
  at::Tensor qkv;   // [C, D]
  at::Tensor bias;  // [C], or [0] for none
  at::Tensor o;     // [D, heads * head_width]
};

// The last hidden states of a policy and of a reference at the rows that predict targets, and the
// heads that turn them into logits. Row i of both [M, D] belongs to targets[i]. No gradients.
struct PolicyHeads {
  at::Tensor x, head;                      // the policy's, [M, D] and [V, D]
  at::Tensor reference_x, reference_head;  // the reference's, likewise
  std::span<const TokenForest::Target> targets;
};

namespace fused {

// table [rows, D] -> [index.size(), D]; rows may repeat.
at::Tensor gather_rows(const at::Tensor& table, std::span<const std::int64_t> index);

// x / rms(x) * w.
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& w, double epsilon);

// {x + delta, rms_norm(x + delta)}.
std::pair<at::Tensor, at::Tensor> add_rms_norm(const at::Tensor& x, const at::Tensor& delta,
                                               const at::Tensor& w, double epsilon);

// Self-attention with rotary positions and its output projection, [N, D] -> [N, D].
at::Tensor attention(const at::Tensor& x, const AttentionWeights& weights, const TreePass& pass);

// down(silu(gate x) * up x), with gate_up [2I, D] and down [D, I].
at::Tensor mlp(const at::Tensor& x, const at::Tensor& gate_up, const at::Tensor& down);

// x [M, D] * head^T -> logits [M, V]. Without gradients on CPU: training never holds all logits.
at::Tensor project(const at::Tensor& x, const at::Tensor& head);

// scale * sum over targets of weight * -log softmax(x head^T)[token], a scalar. Row i of x [M, D]
// belongs to targets[i]. If not null, *weighted_loss becomes the sum without the scale, in double
// where the device is a CPU. The logits exist for some hundred rows at a time only.
at::Tensor cross_entropy(const at::Tensor& x, const at::Tensor& head,
                         std::span<const TokenForest::Target> targets, double scale,
                         double* weighted_loss);

// What the policy and the reference say at every row. The logits exist for some hundred rows at a
// time only, here and below.
PolicyRows policy_rows(const PolicyHeads& heads);

// The gradient of sum over rows of score * log p(target) + divergence weight * divergence with
// respect to x, [M, D]; that with respect to the head is added to d_head [V, D]. The logits are
// computed once more rather than kept.
at::Tensor policy_gradient(const PolicyHeads& heads, const PolicyWeights& weights,
                           at::Tensor d_head);

}  // namespace fused

// The same by LibTorch's own operations, on any device.
namespace composite {

at::Tensor gather_rows(const at::Tensor& table, std::span<const std::int64_t> index);
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& w, double epsilon);
at::Tensor attention(const at::Tensor& x, const AttentionWeights& weights, const TreePass& pass);
at::Tensor mlp(const at::Tensor& x, const at::Tensor& gate_up, const at::Tensor& down);
at::Tensor cross_entropy(const at::Tensor& x, const at::Tensor& head,
                         std::span<const TokenForest::Target> targets, double scale,
                         double* weighted_loss);
PolicyRows policy_rows(const PolicyHeads& heads);
at::Tensor policy_gradient(const PolicyHeads& heads, const PolicyWeights& weights,
                           at::Tensor d_head);

}  // namespace composite
}  // namespace iago
