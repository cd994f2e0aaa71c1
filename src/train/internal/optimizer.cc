// Every parameter lies in one flat buffer, and so do the moments and the average, element by
// element beside it. So a step needs no notion of layers, may be cut into slices anywhere, and a
// training state is four arrays. The one thing that depends on the place is weight decay: matrices
// decay, and lie before `decaying_`; norms and biases, behind it, do not.
#include "train/internal/optimizer.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "nn/torch/net.h"

namespace iago {
namespace {

std::vector<float> copied(const at::Tensor& tensor) {
  if (!tensor.defined()) return {};
  const at::Tensor here = tensor.cpu();
  const float* begin = here.data_ptr<float>();
  return std::vector<float>(begin, begin + here.numel());
}

void fill(at::Tensor& tensor, const std::vector<float>& values) {
  at::Tensor here = at::empty({static_cast<std::int64_t>(values.size())}, at::kFloat);
  std::copy(values.begin(), values.end(), here.data_ptr<float>());
  tensor.copy_(here);
}

}  // namespace

// Matrices come first in the layout, norms and biases after them.
std::int64_t matrix_elements(const std::vector<NamedParameter>& parameters) {
  for (const NamedParameter& parameter : parameters) {
    if (parameter.shape.size() == 1) return parameter.offset;
  }
  return parameter_count(parameters);
}

Optimizer::Optimizer(at::Tensor weights, std::int64_t decaying, AdamWOptions options, bool averages)
    : weights_(std::move(weights)),
      options_(options),
      decaying_(decaying),
      first_moment_(at::zeros_like(weights_)),
      second_moment_(at::zeros_like(weights_)) {
  if (averages) average_ = weights_.clone();
}

void Optimizer::step(const AdamWStep& step, const at::Tensor& gradient, std::int64_t begin,
                     std::int64_t end) {
  const auto part = [&](std::int64_t from, std::int64_t to, bool decays) {
    if (from >= to) return;
    if (weights_.is_cpu()) {
      step_on_cpu(step, gradient, from, to, decays);
      return;
    }
    const auto slice = [&](const at::Tensor& t) {
      return t.defined() ? t.narrow(0, from, to - from) : t;
    };
    adamw_step_by_operations(options_, step, slice(gradient), slice(weights_), slice(first_moment_),
                             slice(second_moment_), slice(average_), decays);
  };
  part(begin, std::min(end, decaying_), true);
  part(std::max(begin, decaying_), end, false);
}

void Optimizer::step_on_cpu(const AdamWStep& step, const at::Tensor& gradient, std::int64_t begin,
                            std::int64_t end, bool decays) {
  const auto slice = [&](const at::Tensor& t) {
    if (!t.defined()) return std::span<float>();
    return std::span<float>(t.data_ptr<float>() + begin, static_cast<std::size_t>(end - begin));
  };
  adamw_step(options_, step,
             {slice(weights_), slice(first_moment_), slice(second_moment_), slice(average_),
              slice(gradient)},
             decays);
}

void adamw_step_by_operations(const AdamWOptions& options, const AdamWStep& step,
                              const at::Tensor& gradient, at::Tensor weights, at::Tensor first,
                              at::Tensor second, at::Tensor average, bool decays) {
  const double first_bias = 1 - std::pow(options.beta1, static_cast<double>(step.step));
  const double second_bias = 1 - std::pow(options.beta2, static_cast<double>(step.step));
  const at::Tensor g = gradient * step.gradient_scale;
  first.mul_(options.beta1).add_(g, 1 - options.beta1);
  second.mul_(options.beta2).addcmul_(g, g, 1 - options.beta2);
  if (decays) weights.mul_(1 - step.learning_rate * options.weight_decay);
  const at::Tensor spread = (second.sqrt() / std::sqrt(second_bias)).add_(options.epsilon);
  weights.addcdiv_(first, spread, -step.learning_rate / first_bias);
  if (average.defined()) average.mul_(step.ema_decay).add_(weights, 1 - step.ema_decay);
}

void Optimizer::save(TrainingState& training_state) const {
  training_state.weights = copied(weights_);
  training_state.first_moment = copied(first_moment_);
  training_state.second_moment = copied(second_moment_);
  training_state.average = copied(average_);
}

void Optimizer::restore(const TrainingState& training_state) {
  fill(weights_, training_state.weights);
  fill(first_moment_, training_state.first_moment);
  fill(second_moment_, training_state.second_moment);
  if (average_.defined()) fill(average_, training_state.average);
}

void Optimizer::take_average() {
  if (average_.defined()) weights_.copy_(average_);
}

}  // namespace iago
