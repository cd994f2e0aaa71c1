// Our AdamW against torch::optim::AdamW.
#include "train/adamw.h"

#include <gtest/gtest.h>
#include <torch/optim/adamw.h>

#include <vector>

#include "base/random.h"
#include "train/internal/optimizer.h"

namespace iago {
namespace {

constexpr std::int64_t kCount = 203;
const AdamWOptions kOptions{.beta1 = 0.9, .beta2 = 0.95, .epsilon = 1e-8, .weight_decay = 0.1};

at::Tensor gradient_of(int step) {
  Random random(9, "gradient " + std::to_string(step));
  at::Tensor out = at::empty({kCount}, at::kFloat);
  for (int i = 0; i < kCount; ++i) out.data_ptr<float>()[i] = static_cast<float>(random.normal());
  return out;
}

at::Tensor start() { return gradient_of(-1); }
double rate_of(int step) { return 1e-2 / step; }

// Twenty steps by LibTorch, with the learning rate changing on the way.
at::Tensor by_libtorch() {
  at::Tensor weights = start().set_requires_grad(true);
  torch::optim::AdamW optimizer(std::vector<at::Tensor>{weights},
                                torch::optim::AdamWOptions(1.0)
                                    .betas({kOptions.beta1, kOptions.beta2})
                                    .eps(kOptions.epsilon)
                                    .weight_decay(kOptions.weight_decay));
  for (int step = 1; step <= 20; ++step) {
    static_cast<torch::optim::AdamWOptions&>(optimizer.param_groups()[0].options())
        .lr(rate_of(step));
    weights.mutable_grad() = gradient_of(step);
    optimizer.step();
  }
  return weights.detach();
}

std::span<float> span_of(at::Tensor& tensor) {
  return {tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

TEST(AdamW, StepsAsLibtorchDoes) {
  at::Tensor weights = start(), m = at::zeros({kCount}), v = at::zeros({kCount});
  for (int step = 1; step <= 20; ++step) {
    at::Tensor gradient = gradient_of(step);
    adamw_step(kOptions, {.step = step, .learning_rate = rate_of(step)},
               {span_of(weights), span_of(m), span_of(v), {}, span_of(gradient)}, true);
  }
  EXPECT_LT((weights - by_libtorch()).abs().max().item<double>(), 1e-6);
}

TEST(AdamW, StepsByOperationsAsLibtorchDoes) {
  at::Tensor weights = start(), m = at::zeros({kCount}), v = at::zeros({kCount});
  for (int step = 1; step <= 20; ++step) {
    adamw_step_by_operations(kOptions, {.step = step, .learning_rate = rate_of(step)},
                             gradient_of(step), weights, m, v, at::Tensor(), true);
  }
  EXPECT_LT((weights - by_libtorch()).abs().max().item<double>(), 1e-6);
}

TEST(AdamW, ScalesTheGradientAndAveragesTheWeights) {
  at::Tensor a = start(), b = start(), average = start();
  at::Tensor ma = at::zeros({kCount}), va = at::zeros({kCount}), mb = ma.clone(), vb = va.clone();
  at::Tensor gradient = gradient_of(1), half = gradient * 0.5;
  const at::Tensor before = start();
  adamw_step(kOptions, {.step = 1, .learning_rate = 0.1, .gradient_scale = 0.5, .ema_decay = 0.75},
             {span_of(a), span_of(ma), span_of(va), span_of(average), span_of(gradient)}, false);
  adamw_step(kOptions, {.step = 1, .learning_rate = 0.1},
             {span_of(b), span_of(mb), span_of(vb), {}, span_of(half)}, false);
  EXPECT_LT((a - b).abs().max().item<double>(), 1e-7);
  EXPECT_LT((average - (before * 0.75 + a * 0.25)).abs().max().item<double>(), 1e-6);
}

TEST(AdamW, DecaysOnlyWhereItIsTold) {
  at::Tensor decayed = at::ones({kCount}), kept = at::ones({kCount});
  at::Tensor m = at::zeros({kCount}), v = at::zeros({kCount}), none = at::zeros({kCount});
  const AdamWStep step{.step = 1, .learning_rate = 0.5};
  adamw_step(kOptions, step, {span_of(decayed), span_of(m), span_of(v), {}, span_of(none)}, true);
  adamw_step(kOptions, step, {span_of(kept), span_of(m), span_of(v), {}, span_of(none)}, false);
  EXPECT_FLOAT_EQ(decayed[0].item<float>(), 0.95f);
  EXPECT_FLOAT_EQ(kept[0].item<float>(), 1.0f);
}

}  // namespace
}  // namespace iago
