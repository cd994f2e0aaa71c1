#include "nn/llama_net.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/random.h"
#include "fmt/format.h"
#include "lm/lora.h"
#include "lm/safetensors.h"
#include "nn/internal/gemm.h"
#include "nn/internal/kernels.h"
#include "nn/torch/net.h"

namespace iago {
namespace {

c10::Device device_of(Device device) {
  if (!available(device)) {
    throw Error(ErrorCode::unsupported, "no CUDA device is available to this build of LibTorch",
                "use the CPU, or build against a CUDA LibTorch on a machine with a GPU");
  }
  return device == Device::cuda ? c10::Device(c10::kCUDA) : c10::Device(c10::kCPU);
}

// Fills one parameter as the header of LlamaNet says. Each has its own stream, so that adding a
// layer changes no other.
void initialise(const NamedParameter& parameter, std::int64_t layers, std::uint64_t seed,
                float* out) {
  const std::int64_t count = element_count(parameter);
  if (parameter.shape.size() == 1) {
    std::fill_n(out, count, parameter.name.ends_with(".bias") ? 0.0f : 1.0f);
    return;
  }
  const bool writes_residual =
      parameter.name.ends_with("o_proj.weight") || parameter.name.ends_with("down_proj.weight");
  double deviation = 1.0 / std::sqrt(static_cast<double>(parameter.shape.back()));
  if (writes_residual) deviation /= std::sqrt(2.0 * layers);
  Random stream(seed, "initial " + parameter.name);
  for (std::int64_t i = 0; i < count; ++i) {
    out[i] = static_cast<float>(deviation * stream.normal());
  }
}

std::unique_ptr<LlamaNet::Impl> make_impl(const LlamaConfig& config) {
  check_config(config, "network");
  auto impl = std::make_unique<LlamaNet::Impl>();
  impl->config = config;
  impl->parameters = layout(config);
  impl->flat = at::empty({parameter_count(impl->parameters)}, at::kFloat);
  impl->rope_frequencies = rotary_frequencies(config);
  return impl;
}

}  // namespace

std::vector<TensorView> tensor_views(const std::vector<NamedParameter>& parameters,
                                     std::span<const float> flat) {
  std::vector<TensorView> tensors;
  for (const NamedParameter& parameter : parameters) {
    tensors.push_back({parameter.name, parameter.shape,
                       flat.subspan(static_cast<std::size_t>(parameter.offset),
                                    static_cast<std::size_t>(element_count(parameter)))});
  }
  return tensors;
}

bool available(Device device) { return device == Device::cpu || at::hasCUDA(); }

void set_compute_threads(int threads) {
  IAGO_CHECK(threads >= 1, fmt::format("{} threads", threads));
  at::set_num_threads(threads);
  set_gemm_threads(threads);
}

LlamaNet::LlamaNet(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LlamaNet::~LlamaNet() = default;
LlamaNet::LlamaNet(LlamaNet&&) noexcept = default;
LlamaNet& LlamaNet::operator=(LlamaNet&&) noexcept = default;

LlamaNet::LlamaNet(const LlamaConfig& config, std::uint64_t seed, Device device)
    : impl_(make_impl(config)) {
  float* flat = impl_->flat.data_ptr<float>();
  for (const NamedParameter& parameter : impl_->parameters) {
    initialise(parameter, config.layers, seed, flat + parameter.offset);
  }
  to(device);
}

LlamaNet LlamaNet::load(const std::filesystem::path& folder, Device device,
                        const std::filesystem::path& adapter) {
  LlamaNet net(make_impl(load_config(folder)));
  const LoraAdapter change = adapter.empty() ? LoraAdapter{} : read_lora(adapter, net.config());
  const Safetensors file = Safetensors::open_folder(folder);
  float* flat = net.impl_->flat.data_ptr<float>();
  for (const NamedParameter& parameter : net.parameters()) {
    const std::span<float> values(flat + parameter.offset,
                                  static_cast<std::size_t>(element_count(parameter)));
    file.read(parameter.name, parameter.shape, values);
    change.add_to(parameter.name, values);
  }
  net.to(device);
  return net;
}

void LlamaNet::save(const std::filesystem::path& folder, DType dtype) const {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure) {
    throw Error(ErrorCode::disconnected,
                fmt::format("{}: cannot make the folder: {}", folder.string(), failure.message()));
  }
  const std::vector<float> flat = flat_parameters();
  const std::vector<TensorView> tensors = tensor_views(parameters(), flat);
  LlamaConfig stored = config();
  stored.stored_as = dtype;
  write_safetensors(folder / "model.safetensors", tensors, dtype);
  write_file(folder / "config.json", dump_json(config_json(stored), 2) + "\n");
  write_file(folder / "generation_config.json",
             dump_json(generation_config_json(stored), 2) + "\n");
}

LlamaNet LlamaNet::clone() const {
  auto copy = std::make_unique<Impl>(*impl_);
  copy->flat = impl_->flat.clone();
  return LlamaNet(std::move(copy));
}

void LlamaNet::to(Device device) { impl_->flat = impl_->flat.to(device_of(device)); }

Device LlamaNet::device() const { return impl_->flat.is_cpu() ? Device::cpu : Device::cuda; }
const LlamaConfig& LlamaNet::config() const { return impl_->config; }
std::int64_t LlamaNet::parameter_count() const { return impl_->flat.numel(); }
const std::vector<NamedParameter>& LlamaNet::parameters() const { return impl_->parameters; }

std::vector<float> LlamaNet::flat_parameters() const {
  const at::Tensor here = impl_->flat.cpu();
  const float* begin = here.data_ptr<float>();
  return std::vector<float>(begin, begin + here.numel());
}

void LlamaNet::set_flat_parameters(std::span<const float> values) {
  if (static_cast<std::int64_t>(values.size()) != parameter_count()) {
    throw Error(ErrorCode::invalid, fmt::format("{} values for a network of {} parameters",
                                                values.size(), parameter_count()));
  }
  const auto bad =
      std::find_if(values.begin(), values.end(), [](float x) { return !std::isfinite(x); });
  if (bad != values.end()) {
    throw Error(ErrorCode::invalid, fmt::format("parameter {} is {}, expected a finite number",
                                                bad - values.begin(), *bad));
  }
  at::Tensor here = at::empty({parameter_count()}, at::kFloat);
  std::copy(values.begin(), values.end(), here.data_ptr<float>());
  impl_->flat.copy_(here);
}

std::vector<float> LlamaNet::logits(const TokenForest& forest) const {
  const at::NoGradGuard no_gradient;
  const WeightViews weights = view_weights(impl_->flat, impl_->config);
  const TreePass pass = make_tree_pass(*impl_, forest);
  const at::Tensor x = hidden_states(impl_->config, weights, pass, {});
  const at::Tensor out = fused::project(x, weights.head).cpu();
  const float* begin = out.data_ptr<float>();
  return std::vector<float>(begin, begin + out.numel());
}

std::vector<float> LlamaNet::log_probs(const TokenForest& forest) const {
  if (forest.targets.empty()) return {};
  const at::NoGradGuard no_gradient;
  const WeightViews weights = view_weights(impl_->flat, impl_->config);
  const TreePass pass = make_tree_pass(*impl_, forest);
  std::vector<std::int64_t> rows;
  std::vector<std::int32_t> tokens;
  for (const TokenForest::Target& target : forest.targets) {
    rows.push_back(target.row);
    tokens.push_back(target.token);
  }
  const at::Tensor x = hidden_states(impl_->config, weights, pass, rows);
  const at::Tensor logits = fused::project(x, weights.head).cpu();
  std::vector<float> out(rows.size());
  net_kernels().log_probs(logits.data_ptr<float>(), tokens.data(), logits.size(0), logits.size(1),
                          out.data());
  return out;
}

}  // namespace iago
