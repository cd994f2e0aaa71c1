#include "lm/internal/forward.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "lm/gemm.h"
#include "lm/internal/kernels.h"

namespace iago {
namespace {

constexpr std::int64_t kLogitsBytes = std::int64_t{16} << 20;

}  // namespace

Forward::Forward(std::shared_ptr<const Weights> weights, std::int64_t max_rows)
    : weights_(std::move(weights)),
      config_(weights_->config()),
      max_rows_(max_rows),
      logit_rows_(std::clamp<std::int64_t>(kLogitsBytes / 4 / config_.vocab_size, 1, max_rows)),
      joined_width_(config_.query_width() + 2 * config_.kv_width()),
      eps_(static_cast<float>(config_.rms_norm_eps)),
      attention_(config_, max_rows),
      stream_(to_size(max_rows * config_.hidden_size)),
      normed_(stream_.size()),
      qkv_(to_size(max_rows * joined_width_)),
      attended_(to_size(max_rows * config_.query_width())),
      gate_up_(to_size(max_rows * 2 * config_.intermediate_size)),
      inner_(to_size(max_rows * config_.intermediate_size)),
      logits_(to_size(logit_rows_ * config_.vocab_size)) {}

void Forward::reach(std::int64_t positions) {
  const auto half = to_size(config_.head_dim / 2);
  auto from = static_cast<std::int64_t>(cosines_.size() / half);
  if (positions <= from) return;
  positions = std::min(std::max(positions, 2 * from), config_.max_positions);
  const std::vector<double> frequencies = rotary_frequencies(config_);
  for (; from < positions; ++from) {
    for (double frequency : frequencies) {
      // The product in float32, as the networks were trained.
      const float angle = static_cast<float>(from) * static_cast<float>(frequency);
      cosines_.push_back(std::cos(angle));
      sines_.push_back(std::sin(angle));
    }
  }
}

void Forward::look_up(const Pass& pass) {
  const auto width = to_size(config_.hidden_size);
  for (std::size_t r = 0; r < pass.rows.size(); ++r) {
    const auto row = weights_->embedding().subspan(to_size(pass.rows[r].token) * width, width);
    std::copy(row.begin(), row.end(), stream_.begin() + static_cast<std::ptrdiff_t>(r * width));
  }
}

// Rotates q, in place, scaled for attention; rotates k into the pages and copies v.
void Forward::store_keys(const Pass& pass, KvPages& pages, std::int64_t layer) {
  const std::int64_t dim = config_.head_dim;
  const float scale = 1.0f / std::sqrt(static_cast<float>(dim));
  float turned[1024];  // the largest head_dim
  for (std::size_t r = 0; r < pass.rows.size(); ++r) {
    const PassRow& row = pass.rows[r];
    const float* cosines = cosines_.data() + row.position * (dim / 2);
    const float* sines = sines_.data() + row.position * (dim / 2);
    const std::int64_t slot = row.position % kPageTokens;
    float* at = qkv_.data() + static_cast<std::int64_t>(r) * joined_width_;
    for (std::int64_t h = 0; h < config_.heads; ++h, at += dim) {
      kernels().rotate(at, cosines, sines, dim, scale, at);
    }
    for (std::int64_t h = 0; h < config_.kv_heads; ++h, at += dim) {
      kernels().rotate(at, cosines, sines, dim, 1.0f, turned);
      float* keys = pages.keys(row.page, layer, h) + slot;
      for (std::int64_t d = 0; d < dim; ++d) keys[d * kPageTokens] = turned[d];
    }
    for (std::int64_t h = 0; h < config_.kv_heads; ++h, at += dim) {
      std::copy(at, at + dim, pages.values(row.page, layer, h) + slot * pages.padded_dim());
    }
  }
}

void Forward::feed_forward(const LayerWeights& layer, std::int64_t rows) {
  const std::int64_t D = config_.hidden_size, I = config_.intermediate_size;
  kernels().rms_norm(stream_.data(), layer.feed_norm.data(), eps_, rows, D, normed_.data());
  gemm(rows, 2 * I, D, normed_.data(), D, layer.gate_up.data(), 2 * I, 0, gate_up_.data(), 2 * I);
  kernels().swiglu(gate_up_.data(), rows, I, inner_.data());
  gemm(rows, D, I, inner_.data(), I, layer.down.data(), D, 1, stream_.data(), D);
}

void Forward::run(const Pass& pass, KvPages& pages, Wanted wanted) {
  const auto rows = static_cast<std::int64_t>(pass.rows.size());
  IAGO_CHECK(rows <= max_rows_, fmt::format("{} rows in buffers for {}", rows, max_rows_));
  if (rows == 0) return;
  const std::int64_t D = config_.hidden_size, Q = config_.query_width();
  look_up(pass);
  for (std::int64_t i = 0; i < config_.layers; ++i) {
    const LayerWeights& layer = weights_->layer(i);
    kernels().rms_norm(stream_.data(), layer.input_norm.data(), eps_, rows, D, normed_.data());
    gemm(rows, joined_width_, D, normed_.data(), D, layer.qkv.data(), joined_width_, 0, qkv_.data(),
         joined_width_);
    if (!layer.qkv_bias.empty())
      kernels().add_bias(layer.qkv_bias.data(), rows, joined_width_, qkv_.data());
    store_keys(pass, pages, i);
    // Nothing reads what the last layer makes of a prompt but its keys.
    if (wanted == Wanted::keys && i + 1 == config_.layers) return;
    attention_.run(pass.jobs, pages, i, rows, qkv_.data(), joined_width_, attended_.data());
    gemm(rows, D, Q, attended_.data(), Q, layer.output.data(), D, 1, stream_.data(), D);
    feed_forward(layer, rows);
  }
  kernels().rms_norm(stream_.data(), weights_->final_norm().data(), eps_, rows, D, normed_.data());
}

std::span<const float> Forward::logits(std::int64_t begin, std::int64_t end) {
  const std::int64_t D = config_.hidden_size, V = config_.vocab_size, rows = end - begin;
  IAGO_CHECK(rows <= logit_rows_, fmt::format("{} rows, at most {}", rows, logit_rows_));
  const float* hidden = normed_.data() + begin * D;
  if (!weights_->head().empty()) {
    gemm(rows, V, D, hidden, D, weights_->head().data(), V, 0, logits_.data(), V);
  } else {
    gemm_transposed(rows, V, D, hidden, D, weights_->embedding().data(), D, 0, logits_.data(), V);
  }
  return std::span(logits_).first(to_size(rows * V));
}

}  // namespace iago
