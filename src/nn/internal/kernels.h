// The element-wise passes of the network on CPU, forward and backward, on plain float arrays.
// levels/ holds them; they are compiled once for each level of the processor, and the highest that
// the processor offers is taken when the program runs.
//
// Matrices are row-major; `rows` by `width` unless said otherwise. No pointer may be null or
// overlap with an output, except where "in place" is said. Nothing here allocates or starts
// threads. The gradients are checked against LibTorch's in fused_test.cc.
#pragma once

#include <cstdint>

#include "base/processor.h"

namespace iago {

struct NetKernels {
  // y = x / rms(x) * w, rms over the width; inverse_rms[rows] is kept for the way back.
  // With `delta`, x + delta takes the place of x and is written to `sum`; without (null), `sum` is
  // not touched.
  void (*rms_norm)(const float* x, const float* delta, const float* w, float epsilon,
                   std::int64_t rows, std::int64_t width, float* sum, float* y, float* inverse_rms);

  // dx = d_sum (null: 0) + the gradient through the norm of x; dw += its gradient.
  void (*rms_norm_backward)(const float* x, const float* w, const float* inverse_rms,
                            const float* dy, const float* d_sum, std::int64_t rows,
                            std::int64_t width, float* dx, float* dw);

  // Turns `heads` neighbouring vectors of `head_width` in every row (rows are `stride` apart), in
  // place: the pair (i, i + head_width / 2) by the angle whose cosine and sine stand in the tables
  // [positions][head_width / 2]. direction +1 turns forward, -1 back.
  void (*rotate)(float* x, std::int64_t rows, std::int64_t stride, std::int64_t heads,
                 std::int64_t head_width, const std::int32_t* positions, const float* cosines,
                 const float* sines, float direction);

  // out = silu(gate) * up, where gate_up is [rows, 2 * width]: gate, then up, in each row.
  void (*swiglu)(const float* gate_up, std::int64_t rows, std::int64_t width, float* out);

  // The gradient of swiglu: d_gate_up from d_out, and `out` computed once more.
  void (*swiglu_backward)(const float* gate_up, const float* d_out, std::int64_t rows,
                          std::int64_t width, float* d_gate_up, float* out);

  // In place: row r becomes softmax(scale * s) over its first `visible + r` of `keys` numbers, and
  // 0 after them.
  void (*causal_softmax)(float* s, std::int64_t rows, std::int64_t keys, std::int64_t visible,
                         float scale);

  // In place: dp becomes the gradient before scale and softmax, with p what causal_softmax left.
  void (*softmax_backward)(const float* p, std::int64_t rows, std::int64_t keys, float scale,
                           float* dp);

  // In place: logits become weight * (softmax - one at the target), times `scale`. Returns the sum
  // of weight * -log p(target).
  double (*cross_entropy)(float* logits, const std::int32_t* targets, const float* weights,
                          float scale, std::int64_t rows, std::int64_t vocab);

  // log p(target) of every row, natural.
  void (*log_probs)(const float* logits, const std::int32_t* targets, std::int64_t rows,
                    std::int64_t vocab, float* out);

  // What a policy and a reference say in each row, natural: log p(target) of the policy, the
  // divergence sum p (log p - log q) of the policy p from the reference q, and the policy's entropy
  // -sum p log p, all over the whole vocabulary.
  void (*policy_rows)(const float* logits, const float* reference, const std::int32_t* targets,
                      std::int64_t rows, std::int64_t vocab, float* log_p, float* divergence,
                      float* entropy);

  // In place: logits become the gradient of score * log p(target) + weight * divergence, with one
  // score and one weight for each row.
  void (*policy_gradient)(float* logits, const float* reference, const std::int32_t* targets,
                          const float* scores, const float* weights, std::int64_t rows,
                          std::int64_t vocab);

  // y += x, `n` numbers.
  void (*add)(const float* x, std::int64_t n, float* y);
};

// Those of a level, which must not be above processor_level().
const NetKernels& net_kernels(ProcessorLevel level);

// Those of processor_level().
const NetKernels& net_kernels();

}  // namespace iago
