#include "bench/naive_loop.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <cmath>

#include "base/error.h"

namespace iago::bench {
namespace {

struct Layer {
  at::Tensor input_norm, q, k, v, output, feed_norm, gate, up, down;  // matrices [outputs, inputs]
};

// Keys and values of one layer so far, [B, KV heads, T, head_dim].
struct Cache {
  at::Tensor keys, values;
};

at::Tensor vector_of(std::span<const float> values) {
  return at::tensor(at::ArrayRef<float>(values.data(), values.size()));
}

// [inputs, outputs] as it lies in Weights, as [outputs, inputs] as it lies in a checkpoint.
at::Tensor matrix_of(std::span<const float> values, std::int64_t inputs, std::int64_t outputs) {
  return vector_of(values).view({inputs, outputs}).t().contiguous();
}

at::Tensor rotate_half(const at::Tensor& x) {
  const std::vector<at::Tensor> halves = x.chunk(2, -1);
  return at::cat({-halves[1], halves[0]}, -1);
}

}  // namespace

struct NaiveLoop::Model {
  LlamaConfig config;
  at::Tensor embedding, norm, head, inverse_frequencies;
  std::vector<Layer> layers;

  at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight) const {
    return weight * (x * at::rsqrt(x.pow(2).mean(-1, true) + config.rms_norm_eps));
  }

  // [B, T, heads * head_dim] as [B, heads, T, head_dim].
  at::Tensor split_heads(const at::Tensor& x, std::int64_t heads) const {
    return x.view({x.size(0), x.size(1), heads, config.head_dim}).transpose(1, 2);
  }

  at::Tensor attention(const Layer& layer, const at::Tensor& x, const at::Tensor& cos,
                       const at::Tensor& sin, Cache& cache) const {
    at::Tensor q = split_heads(at::linear(x, layer.q), config.heads);
    at::Tensor k = split_heads(at::linear(x, layer.k), config.kv_heads);
    at::Tensor v = split_heads(at::linear(x, layer.v), config.kv_heads);
    q = q * cos + rotate_half(q) * sin;
    k = k * cos + rotate_half(k) * sin;
    cache.keys = cache.keys.defined() ? at::cat({cache.keys, k}, 2) : k;
    cache.values = cache.values.defined() ? at::cat({cache.values, v}, 2) : v;
    const std::int64_t group = config.heads / config.kv_heads;
    const at::Tensor keys = group == 1 ? cache.keys : cache.keys.repeat_interleave(group, 1);
    const at::Tensor values = group == 1 ? cache.values : cache.values.repeat_interleave(group, 1);
    at::Tensor scores =
        at::matmul(q, keys.transpose(2, 3)) / std::sqrt(static_cast<double>(config.head_dim));
    if (x.size(1) > 1) {  // the prompt: causal, nothing cached before it
      const at::Tensor later = at::ones({x.size(1), x.size(1)}, at::kBool).triu(1);
      scores = scores.masked_fill(later, -INFINITY);
    }
    const at::Tensor attended = at::matmul(at::softmax(scores, -1), values);
    return at::linear(attended.transpose(1, 2).reshape({x.size(0), x.size(1), -1}), layer.output);
  }

  // tokens [B, T] at positions from `position` on; the logits of the last, [B, V].
  at::Tensor forward(const at::Tensor& tokens, std::int64_t position,
                     std::vector<Cache>& caches) const {
    const at::Tensor positions = at::arange(position, position + tokens.size(1), at::kFloat);
    const at::Tensor angles = at::outer(positions, inverse_frequencies);
    const at::Tensor both = at::cat({angles, angles}, -1);
    const at::Tensor cos = both.cos(), sin = both.sin();
    at::Tensor x = at::embedding(embedding, tokens);
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const Layer& layer = layers[i];
      x = x + attention(layer, rms_norm(x, layer.input_norm), cos, sin, caches[i]);
      const at::Tensor normed = rms_norm(x, layer.feed_norm);
      const at::Tensor inner =
          at::silu(at::linear(normed, layer.gate)) * at::linear(normed, layer.up);
      x = x + at::linear(inner, layer.down);
    }
    return at::linear(rms_norm(x.select(1, -1), norm), head);
  }
};

NaiveLoop::NaiveLoop(const Weights& weights) : model_(std::make_unique<Model>()) {
  at::set_num_threads(1);
  const LlamaConfig& c = model_->config = weights.config();
  IAGO_CHECK(!c.qkv_bias, "the organisms have no biases");
  const std::int64_t D = c.hidden_size;
  model_->embedding = vector_of(weights.embedding()).view({c.vocab_size, D});
  model_->norm = vector_of(weights.final_norm());
  model_->head =
      weights.head().empty() ? model_->embedding : matrix_of(weights.head(), D, c.vocab_size);
  std::vector<float> inverse;
  for (double frequency : rotary_frequencies(c)) inverse.push_back(static_cast<float>(frequency));
  model_->inverse_frequencies = vector_of(inverse);
  for (std::int64_t i = 0; i < c.layers; ++i) {
    const LayerWeights& from = weights.layer(i);
    const at::Tensor qkv = matrix_of(from.qkv, D, c.query_width() + 2 * c.kv_width());
    const at::Tensor gate_up = matrix_of(from.gate_up, D, 2 * c.intermediate_size);
    const auto rows = [](const at::Tensor& joined, std::int64_t begin, std::int64_t count) {
      return joined.narrow(0, begin, count).contiguous();
    };
    model_->layers.push_back({.input_norm = vector_of(from.input_norm),
                              .q = rows(qkv, 0, c.query_width()),
                              .k = rows(qkv, c.query_width(), c.kv_width()),
                              .v = rows(qkv, c.query_width() + c.kv_width(), c.kv_width()),
                              .output = matrix_of(from.output, c.query_width(), D),
                              .feed_norm = vector_of(from.feed_norm),
                              .gate = rows(gate_up, 0, c.intermediate_size),
                              .up = rows(gate_up, c.intermediate_size, c.intermediate_size),
                              .down = matrix_of(from.down, c.intermediate_size, D)});
  }
}

NaiveLoop::~NaiveLoop() = default;

namespace {

at::Tensor one_row(std::span<const std::int32_t> tokens) {
  const std::vector<std::int64_t> wide(tokens.begin(), tokens.end());
  return at::tensor(wide).unsqueeze(0);
}

}  // namespace

std::vector<std::int64_t> NaiveLoop::sample(std::span<const std::int32_t> prompt,
                                            std::int64_t batch, std::int64_t count) {
  const c10::InferenceMode inference;
  std::vector<Cache> caches(model_->layers.size());
  at::Tensor logits = model_->forward(one_row(prompt), 0, caches).expand({batch, -1});
  for (Cache& cache : caches) {
    cache.keys = cache.keys.expand({batch, -1, -1, -1});
    cache.values = cache.values.expand({batch, -1, -1, -1});
  }
  at::Tensor sampled;
  auto position = static_cast<std::int64_t>(prompt.size());
  for (std::int64_t i = 0; i < count; ++i, ++position) {
    if (i > 0) logits = model_->forward(sampled.slice(1, i - 1, i), position - 1, caches);
    const at::Tensor next = at::multinomial(at::softmax(logits, -1), 1);
    sampled = sampled.defined() ? at::cat({sampled, next}, 1) : next;
  }
  const at::Tensor out = sampled.contiguous();
  return {out.data_ptr<std::int64_t>(), out.data_ptr<std::int64_t>() + out.numel()};
}

std::vector<float> NaiveLoop::last_logits(std::span<const std::int32_t> tokens) {
  const c10::InferenceMode inference;
  std::vector<Cache> caches(model_->layers.size());
  // In two pieces, so that the cache is used as well.
  model_->forward(one_row(tokens.first(tokens.size() - 1)), 0, caches);
  const at::Tensor logits =
      model_->forward(one_row(tokens.last(1)), static_cast<std::int64_t>(tokens.size()) - 1, caches)
          .contiguous();
  return {logits.data_ptr<float>(), logits.data_ptr<float>() + logits.numel()};
}

}  // namespace iago::bench
