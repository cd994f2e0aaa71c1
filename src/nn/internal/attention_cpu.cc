// Attention block by block, each head on its own: S = Q K^T, P = softmax(scale S) under the causal
// limit, O = P V. The keys of a block lie in several stretches (the ancestors and its own segment),
// so each product is done stretch by stretch, into neighbouring columns of P.
//
// Backward, with dO given and P kept from before:
//
// dV = P^T dO
// dP = dO V^T
// dS = scale * P * (dP - rowsum(P * dP))    (NetKernels::softmax_backward)
// dQ = dS K
// dK = dS^T Q
//
// A key is seen by many blocks and by all heads of its group, so dK and dV are sums; d_qkv begins
// at 0 and every product adds to it.
#include "nn/internal/attention_cpu.h"

#include <algorithm>
#include <cmath>

#include "nn/internal/gemm.h"
#include "nn/internal/kernels.h"

namespace iago {
namespace {

// Where one head of one block lies in the arrays.
struct HeadView {
  HeadView(const TreePass& pass, const AttentionBlock& block, std::int64_t head)
      : stride(pass.shape.joined_width()),
        width(pass.shape.head_width),
        query(block.begin * stride + head * width),
        key(pass.shape.query_width() + head * pass.shape.kv_heads / pass.shape.heads * width),
        value(key + pass.shape.kv_width()),
        out(block.begin * pass.shape.query_width() + head * width),
        probabilities(block.offset * pass.shape.heads + head * block.rows * block.keys),
        scale(1.0f / std::sqrt(static_cast<float>(width))) {}

  std::int64_t stride, width, query, key, value, out, probabilities;
  float scale;
};

}  // namespace

void attend(const TreePass& pass, const float* qkv, float* probabilities, float* out) {
  const std::int64_t out_stride = pass.shape.query_width();
  for (const AttentionBlock& block : pass.blocks) {
    for (std::int64_t h = 0; h < pass.shape.heads; ++h) {
      const HeadView at(pass, block, h);
      float* p = probabilities + at.probabilities;
      std::int64_t column = 0;
      for (const auto& range : block.ranges) {
        const std::int64_t keys = range.end - range.begin;
        gemm(block.rows, keys, at.width, {qkv + at.query, at.stride},
             {qkv + at.key + range.begin * at.stride, at.stride, Transpose::yes}, 0.0f, p + column,
             block.keys);
        column += keys;
      }
      net_kernels().causal_softmax(p, block.rows, block.keys, block.visible, at.scale);
      column = 0;
      for (const auto& range : block.ranges) {
        const std::int64_t keys = range.end - range.begin;
        gemm(block.rows, at.width, keys, {p + column, block.keys},
             {qkv + at.value + range.begin * at.stride, at.stride}, column == 0 ? 0.0f : 1.0f,
             out + at.out, out_stride);
        column += keys;
      }
    }
  }
}

void attend_backward(const TreePass& pass, const float* qkv, const float* probabilities,
                     const float* d_out, float* d_qkv) {
  const std::int64_t out_stride = pass.shape.query_width();
  std::fill_n(d_qkv, pass.rows() * pass.shape.joined_width(), 0.0f);
  std::int64_t largest = 0;
  for (const AttentionBlock& block : pass.blocks) {
    largest = std::max(largest, block.rows * block.keys);
  }
  std::vector<float> d_scores(largest);
  for (const AttentionBlock& block : pass.blocks) {
    for (std::int64_t h = 0; h < pass.shape.heads; ++h) {
      const HeadView at(pass, block, h);
      const float* p = probabilities + at.probabilities;
      std::int64_t column = 0;
      for (const auto& range : block.ranges) {
        const std::int64_t keys = range.end - range.begin, row = range.begin * at.stride;
        gemm(keys, at.width, block.rows, {p + column, block.keys, Transpose::yes},
             {d_out + at.out, out_stride}, 1.0f, d_qkv + at.value + row, at.stride);
        gemm(block.rows, keys, at.width, {d_out + at.out, out_stride},
             {qkv + at.value + row, at.stride, Transpose::yes}, 0.0f, d_scores.data() + column,
             block.keys);
        column += keys;
      }
      net_kernels().softmax_backward(p, block.rows, block.keys, at.scale, d_scores.data());
      column = 0;
      for (const auto& range : block.ranges) {
        const std::int64_t keys = range.end - range.begin, row = range.begin * at.stride;
        gemm(block.rows, at.width, keys, {d_scores.data() + column, block.keys},
             {qkv + at.key + row, at.stride}, 1.0f, d_qkv + at.query, at.stride);
        gemm(keys, at.width, block.rows, {d_scores.data() + column, block.keys, Transpose::yes},
             {qkv + at.query, at.stride}, 1.0f, d_qkv + at.key + row, at.stride);
        column += keys;
      }
    }
  }
}

}  // namespace iago
