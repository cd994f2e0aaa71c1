// Each operation as one autograd function: forward in a few passes over plain arrays, backward
// written by hand. LibTorch's own operations would write a tensor for every step of a formula and
// read it again, which is slow on a CPU.
//
// The forward pass keeps values that are expensive to compute again: products, the probabilities of
// attention. Cheap values are computed again in the backward pass (the inner values of the MLP).
// The TreePass is kept as an address, since a function saves only tensors and numbers; its owner
// must outlive the backward pass.
//
// Weights lie as [out, in]. With y = x W^T and dy the gradient of y, dx = dy W (`times`) and
// dW = dy^T x (`weight_gradient`).
#include "nn/internal/fused.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "nn/internal/attention_cpu.h"
#include "nn/internal/gemm.h"
#include "nn/internal/kernels.h"

namespace iago::fused {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

// Rows of logits that exist at a time: 256 x 1,000 numbers stay in the second-level cache.
constexpr std::int64_t kLogitRows = 256;

float* data(const at::Tensor& t) { return t.data_ptr<float>(); }
at::Tensor empty(at::IntArrayRef shape) { return at::empty(shape, at::kFloat); }
MatrixIn matrix(const at::Tensor& t) { return {data(t), t.size(1)}; }
MatrixIn transposed(const at::Tensor& t) { return {data(t), t.size(1), Transpose::yes}; }

// a [m, k] * w [n, k] transposed.
at::Tensor times_transposed(const at::Tensor& a, const at::Tensor& w) {
  at::Tensor out = empty({a.size(0), w.size(0)});
  gemm(a.size(0), w.size(0), a.size(1), matrix(a), transposed(w), 0.0f, data(out), w.size(0));
  return out;
}

// a [m, k] * w [k, n].
at::Tensor times(const at::Tensor& a, const at::Tensor& w) {
  at::Tensor out = empty({a.size(0), w.size(1)});
  gemm(a.size(0), w.size(1), a.size(1), matrix(a), matrix(w), 0.0f, data(out), w.size(1));
  return out;
}

// The gradient of a weight: dy [m, n] transposed * x [m, k].
at::Tensor weight_gradient(const at::Tensor& dy, const at::Tensor& x) {
  at::Tensor out = empty({dy.size(1), x.size(1)});
  gemm(dy.size(1), x.size(1), dy.size(0), transposed(dy), matrix(x), 0.0f, data(out), x.size(1));
  return out;
}

struct GatherRows : Function<GatherRows> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& table,
                            const at::Tensor& index) {
    context->save_for_backward({index});
    context->saved_data["rows"] = table.size(0);
    const std::int64_t width = table.size(1), *row = index.data_ptr<std::int64_t>();
    at::Tensor out = empty({index.size(0), width});
    for (std::int64_t i = 0; i < index.size(0); ++i) {
      std::copy_n(data(table) + row[i] * width, width, data(out) + i * width);
    }
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const at::Tensor index = context->get_saved_variables()[0], dy = gradients[0].contiguous();
    const std::int64_t width = dy.size(1), *row = index.data_ptr<std::int64_t>();
    at::Tensor out = at::zeros({context->saved_data["rows"].toInt(), width}, at::kFloat);
    for (std::int64_t i = 0; i < index.size(0); ++i) {
      net_kernels().add(data(dy) + i * width, width, data(out) + row[i] * width);
    }
    return {out, at::Tensor()};
  }
};

// {the norm, x + delta}; with an empty delta {the norm of x} alone.
struct AddRmsNorm : Function<AddRmsNorm> {
  static variable_list forward(AutogradContext* context, const at::Tensor& x,
                               const at::Tensor& delta, const at::Tensor& w, double epsilon) {
    const std::int64_t rows = x.size(0), width = x.size(1);
    const bool adds = delta.numel() > 0;
    at::Tensor sum = adds ? empty({rows, width}) : at::Tensor(), y = empty({rows, width});
    at::Tensor inverse_rms = empty({rows});
    net_kernels().rms_norm(data(x), adds ? data(delta) : nullptr, data(w),
                           static_cast<float>(epsilon), rows, width, adds ? data(sum) : nullptr,
                           data(y), data(inverse_rms));
    context->save_for_backward({adds ? sum : x, w, inverse_rms});
    context->saved_data["adds"] = adds;
    // Of two outputs one may be unused; its gradient then stays undefined, instead of a tensor of
    // zeros.
    context->set_materialize_grads(false);
    return adds ? variable_list{y, sum} : variable_list{y};
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &w = saved[1], &inverse_rms = saved[2];
    const bool adds = context->saved_data["adds"].toBool();
    const at::Tensor dy = gradients[0].defined() ? gradients[0].contiguous() : at::zeros_like(x);
    const at::Tensor d_sum =
        adds && gradients[1].defined() ? gradients[1].contiguous() : at::Tensor();
    at::Tensor dx = empty({x.size(0), x.size(1)}), dw = at::zeros_like(w);
    net_kernels().rms_norm_backward(data(x), data(w), data(inverse_rms), data(dy),
                                    d_sum.defined() ? data(d_sum) : nullptr, x.size(0), x.size(1),
                                    data(dx), data(dw));
    // The sum passes its gradient on to both terms alike.
    return {dx, adds ? dx : at::Tensor(), dw, at::Tensor()};
  }
};

// Queries and keys of qkv turned by their positions (direction +1) or back (-1), in place.
void rotate(const TreePass& pass, float* qkv, float direction) {
  net_kernels().rotate(qkv, pass.rows(), pass.shape.joined_width(),
                       pass.shape.heads + pass.shape.kv_heads, pass.shape.head_width,
                       pass.forest.positions.data(), pass.cosines.data(), pass.sines.data(),
                       direction);
}

// softmax(rotate(q) rotate(k)^T / sqrt(width)) v, then the output projection. A rotation is
// orthogonal, so its gradient is the rotation back.
struct Attention : Function<Attention> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& w_qkv,
                            const at::Tensor& bias, const at::Tensor& w_o, const TreePass* pass) {
    const std::int64_t rows = x.size(0), joined = w_qkv.size(0);
    at::Tensor qkv = times_transposed(x, w_qkv);
    if (bias.numel() > 0) {
      for (std::int64_t r = 0; r < rows; ++r)
        net_kernels().add(data(bias), joined, data(qkv) + r * joined);
    }
    rotate(*pass, data(qkv), 1.0f);
    at::Tensor probabilities = empty({pass->shape.heads * pass->probabilities});
    at::Tensor mixed = empty({rows, pass->shape.query_width()});
    attend(*pass, data(qkv), data(probabilities), data(mixed));
    context->save_for_backward({x, w_qkv, w_o, qkv, probabilities, mixed});
    context->saved_data["pass"] = reinterpret_cast<std::int64_t>(pass);
    context->saved_data["bias"] = bias.numel() > 0;
    return times_transposed(mixed, w_o);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &w_qkv = saved[1], &w_o = saved[2], &qkv = saved[3];
    const auto* pass = reinterpret_cast<const TreePass*>(context->saved_data["pass"].toInt());
    const at::Tensor dy = gradients[0].contiguous();
    const at::Tensor d_mixed = times(dy, w_o);
    at::Tensor d_qkv = empty({x.size(0), w_qkv.size(0)});
    attend_backward(*pass, data(qkv), data(saved[4]), data(d_mixed), data(d_qkv));
    rotate(*pass, data(d_qkv), -1.0f);
    at::Tensor d_bias;
    if (context->saved_data["bias"].toBool()) d_bias = d_qkv.sum(0);
    return {times(d_qkv, w_qkv), weight_gradient(d_qkv, x), d_bias, weight_gradient(dy, saved[5]),
            at::Tensor()};
  }
};

// down(silu(gate) * up). backward makes `inner` once more from gate_up instead of keeping it.
struct Mlp : Function<Mlp> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& w_gate_up, const at::Tensor& w_down) {
    const at::Tensor gate_up = times_transposed(x, w_gate_up);
    at::Tensor inner = empty({x.size(0), w_down.size(1)});
    net_kernels().swiglu(data(gate_up), x.size(0), w_down.size(1), data(inner));
    context->save_for_backward({x, w_gate_up, w_down, gate_up});
    return times_transposed(inner, w_down);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &w_gate_up = saved[1], &w_down = saved[2], &gate_up = saved[3];
    const at::Tensor dy = gradients[0].contiguous();
    const at::Tensor d_inner = times(dy, w_down);
    at::Tensor inner = empty({x.size(0), w_down.size(1)});
    at::Tensor d_gate_up = empty({x.size(0), w_gate_up.size(0)});
    net_kernels().swiglu_backward(data(gate_up), data(d_inner), x.size(0), w_down.size(1),
                                  data(d_gate_up), data(inner));
    return {times(d_gate_up, w_gate_up), weight_gradient(d_gate_up, x), weight_gradient(dy, inner)};
  }
};

struct Loss {
  std::span<const TokenForest::Target> targets;
  double scale;
  double* weighted_loss;
  bool wants_gradient;
};

// Forward computes the gradient as well, since it needs the same logits, and backward hands it out:
// NetKernels::cross_entropy replaces the logits of a few rows by d loss / d logits = scale * weight
// * (softmax - target), which is multiplied into dx and d_head before the next rows are computed.
// So the logits of all rows never exist at once.
struct CrossEntropy : Function<CrossEntropy> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& head,
                            const Loss* loss) {
    const std::int64_t rows = x.size(0), width = x.size(1), vocab = head.size(0);
    std::vector<std::int32_t> tokens;
    std::vector<float> weights;
    for (const auto& target : loss->targets) {
      tokens.push_back(target.token);
      weights.push_back(target.weight);
    }
    at::Tensor dx = empty({rows, width}), d_head = at::zeros_like(head);
    at::Tensor logits = empty({std::min(rows, kLogitRows), vocab});
    double sum = 0;
    for (std::int64_t begin = 0; begin < rows; begin += kLogitRows) {
      const std::int64_t n = std::min(kLogitRows, rows - begin);
      const MatrixIn part{data(x) + begin * width, width};
      gemm(n, vocab, width, part, transposed(head), 0.0f, data(logits), vocab);
      sum +=
          net_kernels().cross_entropy(data(logits), tokens.data() + begin, weights.data() + begin,
                                      static_cast<float>(loss->scale), n, vocab);
      if (!loss->wants_gradient) continue;
      gemm(n, width, vocab, matrix(logits), matrix(head), 0.0f, data(dx) + begin * width, width);
      gemm(vocab, width, n, transposed(logits), part, 1.0f, data(d_head), width);
    }
    if (loss->weighted_loss != nullptr) *loss->weighted_loss = sum;
    if (loss->wants_gradient) context->save_for_backward({dx, d_head});
    at::Tensor out = empty({});
    *data(out) = static_cast<float>(sum * loss->scale);
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const float factor = gradients[0].item<float>();
    if (factor == 1.0f) return {saved[0], saved[1], at::Tensor()};
    return {saved[0] * factor, saved[1] * factor, at::Tensor()};
  }
};

std::vector<std::int32_t> tokens_of(std::span<const TokenForest::Target> targets) {
  std::vector<std::int32_t> tokens;
  tokens.reserve(targets.size());
  for (const auto& target : targets) tokens.push_back(target.token);
  return tokens;
}

// Calls work(first row, rows, the policy's logits, the reference's) for some hundred rows at a
// time.
template <typename Work>
void for_each_logits(const PolicyHeads& heads, const Work& work) {
  const std::int64_t rows = heads.x.size(0), width = heads.x.size(1), vocab = heads.head.size(0);
  at::Tensor own = empty({std::min(rows, kLogitRows), vocab}), reference = at::empty_like(own);
  for (std::int64_t begin = 0; begin < rows; begin += kLogitRows) {
    const std::int64_t n = std::min(kLogitRows, rows - begin);
    gemm(n, vocab, width, {data(heads.x) + begin * width, width}, transposed(heads.head), 0.0f,
         data(own), vocab);
    gemm(n, vocab, width, {data(heads.reference_x) + begin * width, width},
         transposed(heads.reference_head), 0.0f, data(reference), vocab);
    work(begin, n, data(own), data(reference));
  }
}

}  // namespace

at::Tensor gather_rows(const at::Tensor& table, std::span<const std::int64_t> index) {
  if (!table.is_cpu()) return composite::gather_rows(table, index);
  at::Tensor rows = at::empty({static_cast<std::int64_t>(index.size())}, at::kLong);
  std::copy(index.begin(), index.end(), rows.data_ptr<std::int64_t>());
  return GatherRows::apply(table, rows);
}

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& w, double epsilon) {
  if (!x.is_cpu()) return composite::rms_norm(x, w, epsilon);
  return AddRmsNorm::apply(x, at::empty({0}), w, epsilon)[0];
}

std::pair<at::Tensor, at::Tensor> add_rms_norm(const at::Tensor& x, const at::Tensor& delta,
                                               const at::Tensor& w, double epsilon) {
  if (!x.is_cpu()) {
    const at::Tensor sum = x + delta;
    return {sum, composite::rms_norm(sum, w, epsilon)};
  }
  const variable_list out = AddRmsNorm::apply(x, delta, w, epsilon);
  return {out[1], out[0]};
}

at::Tensor attention(const at::Tensor& x, const AttentionWeights& weights, const TreePass& pass) {
  if (!x.is_cpu()) return composite::attention(x, weights, pass);
  return Attention::apply(x, weights.qkv, weights.bias, weights.o, &pass);
}

at::Tensor mlp(const at::Tensor& x, const at::Tensor& gate_up, const at::Tensor& down) {
  if (!x.is_cpu()) return composite::mlp(x, gate_up, down);
  return Mlp::apply(x, gate_up, down);
}

at::Tensor project(const at::Tensor& x, const at::Tensor& head) {
  return x.is_cpu() ? times_transposed(x, head) : x.matmul(head.t());
}

at::Tensor cross_entropy(const at::Tensor& x, const at::Tensor& head,
                         std::span<const TokenForest::Target> targets, double scale,
                         double* weighted_loss) {
  if (!x.is_cpu()) return composite::cross_entropy(x, head, targets, scale, weighted_loss);
  const bool wants_gradient =
      at::GradMode::is_enabled() && (x.requires_grad() || head.requires_grad());
  const Loss loss{targets, scale, weighted_loss, wants_gradient};
  return CrossEntropy::apply(x, head, &loss);
}

PolicyRows policy_rows(const PolicyHeads& heads) {
  if (!heads.x.is_cpu()) return composite::policy_rows(heads);
  const std::vector<std::int32_t> tokens = tokens_of(heads.targets);
  const std::int64_t vocab = heads.head.size(0);
  PolicyRows out;
  for (std::vector<float>* column : {&out.log_p, &out.divergence, &out.entropy}) {
    column->resize(tokens.size());
  }
  for_each_logits(heads, [&](std::int64_t begin, std::int64_t n, float* own, float* reference) {
    net_kernels().policy_rows(own, reference, tokens.data() + begin, n, vocab,
                              out.log_p.data() + begin, out.divergence.data() + begin,
                              out.entropy.data() + begin);
  });
  return out;
}

at::Tensor policy_gradient(const PolicyHeads& heads, const PolicyWeights& weights,
                           at::Tensor d_head) {
  if (!heads.x.is_cpu()) return composite::policy_gradient(heads, weights, d_head);
  const std::vector<std::int32_t> tokens = tokens_of(heads.targets);
  const std::int64_t width = heads.x.size(1), vocab = heads.head.size(0);
  at::Tensor dx = empty({heads.x.size(0), width});
  for_each_logits(heads, [&](std::int64_t begin, std::int64_t n, float* own, float* reference) {
    net_kernels().policy_gradient(own, reference, tokens.data() + begin,
                                  weights.score.data() + begin, weights.divergence.data() + begin,
                                  n, vocab);
    gemm(n, width, vocab, {own, vocab}, matrix(heads.head), 0.0f, data(dx) + begin * width, width);
    gemm(vocab, width, n, {own, vocab, Transpose::yes}, {data(heads.x) + begin * width, width},
         1.0f, data(d_head), width);
  });
  return dx;
}

}  // namespace iago::fused
