#include "train/internal/core.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <thread>

#include "base/error.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "train/internal/require.h"

namespace iago {
namespace {

int worker_count(int asked, Device device) {
  if (device != Device::cpu) return 1;  // one thread feeds the GPU
  if (asked > 0) return asked;
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, 16);
}

// Gives each worker items of about the same number of tokens: the longest first, each to the worker
// that has least so far. A function of the lengths alone, so that the sums keep their order.
std::vector<std::vector<std::size_t>> share(std::span<const std::size_t> lengths, int workers) {
  std::vector<std::size_t> order(lengths.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return lengths[a] > lengths[b]; });
  std::vector<std::vector<std::size_t>> shares(static_cast<std::size_t>(workers));
  std::vector<std::size_t> load(shares.size(), 0);
  for (const std::size_t item : order) {
    const auto least = std::min_element(load.begin(), load.end()) - load.begin();
    shares[least].push_back(item);
    load[least] += lengths[item];
  }
  return shares;
}

Optimizer make_optimizer(LlamaNet& net, const LoraWeights* lora, const CoreOptions& options) {
  const bool averages = options.ema_decay > 0;
  if (lora != nullptr)
    return Optimizer(lora->flat(), lora->flat().numel(), options.adamw, averages);
  return Optimizer(net.impl().flat, matrix_elements(net.parameters()), options.adamw, averages);
}

}  // namespace

void check_core_options(const CoreOptions& o) {
  require_option(o.adamw.beta1 >= 0 && o.adamw.beta1 < 1, "adamw.beta1", "must lie in [0, 1)");
  require_option(o.adamw.beta2 >= 0 && o.adamw.beta2 < 1, "adamw.beta2", "must lie in [0, 1)");
  require_option(o.clip_norm >= 0, "clip_norm", "must be at least 0");
  require_option(o.ema_decay >= 0 && o.ema_decay < 1, "ema_decay", "must lie in [0, 1)");
  require_option(o.workers >= 0 && o.workers <= 256, "workers", "must lie in [0, 256]");
  require_option(o.micro_batch_tokens > 0, "micro_batch_tokens", "must be above 0");
}

std::string core_identity(const CoreOptions& o, const LlamaConfig& config) {
  std::string text = fmt::format("{} {} {} {} {} {}\n", o.clip_norm, o.ema_decay, o.adamw.beta1,
                                 o.adamw.beta2, o.adamw.epsilon, o.adamw.weight_decay);
  for (const NamedParameter& parameter : layout(config)) {
    text += fmt::format("{} {}\n", parameter.name, fmt::join(parameter.shape, " "));
  }
  return text;
}

std::string adapter_identity(const LoraAdapter& adapter) {
  const LoraOptions& o = adapter.options;
  std::string text = fmt::format("lora {} {} {}\n", o.rank, o.alpha, o.rank_stabilised);
  for (const LoraPair& pair : adapter.pairs) text += pair.module + "\n";
  return text;
}

std::vector<std::vector<std::size_t>> micro_batches(std::span<const std::size_t> items,
                                                    std::span<const std::size_t> lengths,
                                                    std::int64_t limit) {
  std::vector<std::vector<std::size_t>> out;
  std::size_t tokens = 0;
  for (const std::size_t item : items) {
    const bool fits = !out.empty() && tokens + lengths[item] <= static_cast<std::size_t>(limit);
    if (!fits) {
      out.emplace_back();
      tokens = 0;
    }
    out.back().push_back(item);
    tokens += lengths[item];
  }
  return out;
}

TrainingCore::TrainingCore(LlamaNet& net, CoreOptions options,
                           const std::optional<LoraAdapter>& adapter)
    : net_(net),
      options_(options),
      team_(worker_count(options.workers, net.device()), [] { set_compute_threads(1); }) {
  for (int w = 0; w < team_.size(); ++w) gradients_.emplace_back(net);
  if (adapter) lora_ = std::make_unique<LoraWeights>(net, *adapter);
  optimizer_ = std::make_unique<Optimizer>(make_optimizer(net, lora_.get(), options_));
}

void TrainingCore::accumulate(std::span<const std::size_t> lengths, const Work& work) {
  const auto shares = share(lengths, team_.size());
  team_.run([&](int w) {
    gradients_[w].clear();
    for (const auto& items : micro_batches(shares[w], lengths, options_.micro_batch_tokens)) {
      work(w, gradients_[w], items);
    }
  });
}

const at::Tensor& TrainingCore::trained() const { return lora_ ? lora_->flat() : net_.impl().flat; }

const at::Tensor& TrainingCore::trained_gradient() const {
  return lora_ ? lora_->gradient() : gradients_[0].gradient();
}

// Each member adds one stretch of the parameters over all buffers. On a GPU there is one worker,
// and nothing to add.
double TrainingCore::sum_gradients() {
  const at::Tensor& sum = gradients_[0].gradient();
  team_.run([&](int w) {
    const std::int64_t n = sum.numel(), members = team_.size();
    const std::int64_t begin = n * w / members, end = n * (w + 1) / members;
    for (std::size_t other = 1; other < gradients_.size(); ++other) {
      float* out = sum.data_ptr<float>();
      const float* in = gradients_[other].gradient().data_ptr<float>();
#pragma omp simd
      for (std::int64_t i = begin; i < end; ++i) out[i] += in[i];
    }
  });
  if (lora_) lora_->take_gradient(sum);
  return norm_of(trained_gradient());
}

double TrainingCore::norm_of(const at::Tensor& gradient) {
  if (!gradient.is_cpu()) return std::sqrt((gradient * gradient).sum(at::kDouble).item<double>());
  std::vector<double> squares(gradients_.size(), 0);
  team_.run([&](int w) {
    const std::int64_t n = gradient.numel(), members = team_.size();
    const std::int64_t begin = n * w / members, end = n * (w + 1) / members;
    const float* in = gradient.data_ptr<float>();
    double square = 0;
#pragma omp simd reduction(+ : square)
    for (std::int64_t i = begin; i < end; ++i) square += static_cast<double>(in[i]) * in[i];
    squares[w] = square;
  });
  return std::sqrt(std::accumulate(squares.begin(), squares.end(), 0.0));
}

void TrainingCore::step(std::int64_t number, double learning_rate, double norm) {
  AdamWStep update{.step = number, .learning_rate = learning_rate};
  if (options_.clip_norm > 0 && norm > options_.clip_norm) {
    update.gradient_scale = options_.clip_norm / norm;
  }
  update.ema_decay = options_.ema_decay;
  const at::Tensor& gradient = trained_gradient();
  team_.run([&](int w) {
    const std::int64_t n = gradient.numel(), members = team_.size();
    optimizer_->step(update, gradient, n * w / members, n * (w + 1) / members);
  });
  if (lora_) lora_->merge();
}

std::vector<float> TrainingCore::gradient() const {
  const at::Tensor here = trained_gradient().cpu();
  return {here.data_ptr<float>(), here.data_ptr<float>() + here.numel()};
}

void TrainingCore::save(const std::filesystem::path& file, TrainingState state) const {
  optimizer_->save(state);
  write_training_state(file, state);
}

std::optional<std::int64_t> TrainingCore::restore(const std::filesystem::path& file,
                                                  const std::string& identity,
                                                  const std::string& reference) {
  if (file.empty() || !std::filesystem::exists(file)) return std::nullopt;
  const TrainingState state = read_training_state(file, trained().numel());
  const auto refuse = [&](const char* what, const char* hint) {
    throw Error(ErrorCode::invalid, fmt::format("{}: {}", file.string(), what), hint);
  };
  if (state.identity != identity || state.average.empty() != (options_.ema_decay == 0)) {
    refuse("the training state comes from a training with other options or data",
           "train with its options, or remove the file to start over");
  }
  if (state.reference != reference) {
    refuse("the training state comes from a training that began with another policy",
           "begin with its starting policy, or remove the file to start over");
  }
  optimizer_->restore(state);
  if (lora_) lora_->merge();
  return state.step;
}

LoraAdapter TrainingCore::adapter() const {
  IAGO_CHECK(lora_ != nullptr, "full weights are trained");
  return lora_->adapter();
}

}  // namespace iago
