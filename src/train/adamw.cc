#include "train/adamw.h"

#include <cmath>

#include "base/error.h"
#include "fmt/format.h"

namespace iago {
namespace {

// The numbers of a step that are the same for every weight.
struct Factors {
  float beta1, beta2, gradient_scale, decay, step_size, second_correction, epsilon, keep_average;
};

Factors factors(const AdamWOptions& options, const AdamWStep& step, bool decays) {
  const double first = 1 - std::pow(options.beta1, static_cast<double>(step.step));
  const double second = 1 - std::pow(options.beta2, static_cast<double>(step.step));
  const double decay = decays ? step.learning_rate * options.weight_decay : 0;
  return {static_cast<float>(options.beta1),
          static_cast<float>(options.beta2),
          static_cast<float>(step.gradient_scale),
          static_cast<float>(1 - decay),
          static_cast<float>(step.learning_rate / first),
          static_cast<float>(1 / std::sqrt(second)),
          static_cast<float>(options.epsilon),
          static_cast<float>(step.ema_decay)};
}

}  // namespace

void adamw_step(const AdamWOptions& options, const AdamWStep& step, const AdamWBuffers& buffers,
                bool decays) {
  const std::size_t n = buffers.weights.size();
  IAGO_CHECK(buffers.gradient.size() == n && buffers.first_moment.size() == n &&
                 buffers.second_moment.size() == n &&
                 (buffers.average.empty() || buffers.average.size() == n),
             fmt::format("{} weights", n));
  const Factors f = factors(options, step, decays);
  float* w = buffers.weights.data();
  float* m = buffers.first_moment.data();
  float* v = buffers.second_moment.data();
  const float* gradient = buffers.gradient.data();
#pragma omp simd
  for (std::size_t i = 0; i < n; ++i) {
    const float g = gradient[i] * f.gradient_scale;
    m[i] = f.beta1 * m[i] + (1 - f.beta1) * g;
    v[i] = f.beta2 * v[i] + (1 - f.beta2) * g * g;
    w[i] =
        w[i] * f.decay - f.step_size * m[i] / (std::sqrt(v[i]) * f.second_correction + f.epsilon);
  }
  float* average = buffers.average.data();
#pragma omp simd
  for (std::size_t i = 0; i < buffers.average.size(); ++i) {
    average[i] = f.keep_average * average[i] + (1 - f.keep_average) * w[i];
  }
}

}  // namespace iago
