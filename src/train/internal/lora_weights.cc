#include "train/internal/lora_weights.h"

#include <algorithm>

#include "base/error.h"
#include "fmt/format.h"
#include "lm/gemm.h"
#include "nn/torch/net.h"

namespace iago {
namespace {

const NamedParameter& matrix_of(const LlamaNet& net, const LoraPair& pair, std::int64_t rank) {
  const auto& all = net.parameters();
  const auto found = std::find_if(all.begin(), all.end(), [&](const NamedParameter& parameter) {
    return parameter.name == pair.module + ".weight";
  });
  const bool fits =
      found != all.end() && found->shape == std::vector<std::int64_t>{pair.outputs, pair.inputs} &&
      pair.a.size() == to_size(rank * pair.inputs) && pair.b.size() == to_size(pair.outputs * rank);
  if (fits) return *found;
  throw Error(ErrorCode::invalid,
              fmt::format("LoRA: the change of \"{}\" [{}, {}] does not fit this network",
                          pair.module, pair.outputs, pair.inputs),
              "make or read the adapter with this network's config");
}

std::span<float> part(const at::Tensor& flat, std::int64_t offset, std::int64_t count) {
  return {flat.data_ptr<float>() + offset, to_size(count)};
}

}  // namespace

LoraWeights::LoraWeights(LlamaNet& net, LoraAdapter adapter)
    : net_(net), shape_(std::move(adapter)), base_(net.impl().flat.clone()) {
  const std::int64_t rank = shape_.options.rank;
  std::vector<float> values;
  for (const LoraPair& pair : shape_.pairs) {
    const NamedParameter& parameter = matrix_of(net, pair, rank);
    const auto a = static_cast<std::int64_t>(values.size());
    values.insert(values.end(), pair.a.begin(), pair.a.end());
    const auto b = static_cast<std::int64_t>(values.size());
    values.insert(values.end(), pair.b.begin(), pair.b.end());
    places_.push_back({pair.outputs, pair.inputs, parameter.offset, a, b});
  }
  at::Tensor here = at::empty({static_cast<std::int64_t>(values.size())}, at::kFloat);
  std::copy(values.begin(), values.end(), here.data_ptr<float>());
  flat_ = here.to(base_.device());
  gradient_ = at::zeros_like(flat_);
  merge();
}

at::Tensor LoraWeights::matrix(const at::Tensor& flat, std::int64_t offset, std::int64_t rows,
                               std::int64_t columns) {
  return flat.narrow(0, offset, rows * columns).view({rows, columns});
}

void LoraWeights::take_gradient(const at::Tensor& of_net) {
  const std::int64_t rank = shape_.options.rank;
  const double scale = shape_.options.scale();
  for (const Place& place : places_) {
    if (of_net.is_cpu()) {
      take_on_cpu(place, of_net);
      continue;
    }
    const at::Tensor g = matrix(of_net, place.in_net, place.outputs, place.inputs);
    const at::Tensor a = matrix(flat_, place.a, rank, place.inputs);
    const at::Tensor b = matrix(flat_, place.b, place.outputs, rank);
    matrix(gradient_, place.a, rank, place.inputs).copy_(b.t().matmul(g) * scale);
    matrix(gradient_, place.b, place.outputs, rank).copy_(g.matmul(a.t()) * scale);
  }
}

// By the product that all computing on CPU goes through (lm/gemm.h), not by LibTorch's.
void LoraWeights::take_on_cpu(const Place& place, const at::Tensor& of_net) {
  const std::int64_t rank = shape_.options.rank, m = place.outputs, n = place.inputs;
  const auto scale = static_cast<float>(shape_.options.scale());
  const float* g = of_net.data_ptr<float>() + place.in_net;
  const float *a = part(flat_, place.a, rank * n).data(),
              *b = part(flat_, place.b, m * rank).data();
  std::vector<float> b_turned(to_size(rank * m));
  for (std::int64_t o = 0; o < m; ++o) {
    for (std::int64_t r = 0; r < rank; ++r) b_turned[to_size(r * m + o)] = scale * b[o * rank + r];
  }
  const auto da = part(gradient_, place.a, rank * n), db = part(gradient_, place.b, m * rank);
  gemm(rank, n, m, b_turned.data(), m, g, n, 0.0f, da.data(), n);
  gemm_transposed(m, rank, n, g, n, a, n, 0.0f, db.data(), rank);
  for (float& x : db) x *= scale;
}

void LoraWeights::merge() {
  const std::int64_t rank = shape_.options.rank;
  const double scale = shape_.options.scale();
  at::Tensor net = net_.impl().flat;
  for (const Place& place : places_) {
    const std::int64_t count = place.outputs * place.inputs;
    net.narrow(0, place.in_net, count).copy_(base_.narrow(0, place.in_net, count));
    if (net.is_cpu()) {
      add_product(scale, part(flat_, place.b, place.outputs * rank),
                  part(flat_, place.a, rank * place.inputs), rank, part(net, place.in_net, count));
      continue;
    }
    const at::Tensor b = matrix(flat_, place.b, place.outputs, rank);
    const at::Tensor a = matrix(flat_, place.a, rank, place.inputs);
    matrix(net, place.in_net, place.outputs, place.inputs).add_(b.matmul(a), scale);
  }
}

LoraAdapter LoraWeights::adapter() const {
  LoraAdapter out = shape_;
  const at::Tensor here = flat_.cpu();
  for (std::size_t i = 0; i < places_.size(); ++i) {
    LoraPair& pair = out.pairs[i];
    std::copy_n(here.data_ptr<float>() + places_[i].a, pair.a.size(), pair.a.begin());
    std::copy_n(here.data_ptr<float>() + places_[i].b, pair.b.size(), pair.b.begin());
  }
  return out;
}

}  // namespace iago
