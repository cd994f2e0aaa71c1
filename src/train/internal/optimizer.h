// AdamW over a flat buffer where it lies: on CPU the fused pass of adamw.h, slice by slice so that
// workers share it; on a GPU the same formula by LibTorch's operations.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "nn/llama_net.h"
#include "train/adamw.h"
#include "train/internal/training_state.h"

namespace iago {

// Elements of the matrices of a net's flat buffer, which lie before its norms and biases.
std::int64_t matrix_elements(const std::vector<NamedParameter>& parameters);

class Optimizer {
 public:
  // Steps on `weights`, a flat float32 buffer that it shares; elements [0, decaying) decay.
  // `averages`: whether an average of the weights is kept (it starts as the weights).
  Optimizer(at::Tensor weights, std::int64_t decaying, AdamWOptions options, bool averages);

  // The step on elements [begin, end) of the flat buffer. Different slices may run at once (CPU).
  void step(const AdamWStep& step, const at::Tensor& gradient, std::int64_t begin,
            std::int64_t end);

  void save(TrainingState& training_state) const;
  // The training state's buffers have the weights' length.
  void restore(const TrainingState& training_state);

  // The average takes the place of the weights.
  void take_average();

 private:
  void step_on_cpu(const AdamWStep& step, const at::Tensor& gradient, std::int64_t begin,
                   std::int64_t end, bool decays);

  at::Tensor weights_;
  AdamWOptions options_;
  std::int64_t decaying_;  // elements [0, decaying_) are matrices
  at::Tensor first_moment_, second_moment_, average_;
};

// One step by LibTorch's operations on any device: adamw_step for tensors of one length.
void adamw_step_by_operations(const AdamWOptions& options, const AdamWStep& step,
                              const at::Tensor& gradient, at::Tensor weights, at::Tensor first,
                              at::Tensor second, at::Tensor average, bool decays);

}  // namespace iago
