#include "lm/internal/kernels.h"

#include <math.h>

#include "lm/internal/attend.h"
#include "lm/internal/lanes.h"

namespace iago::IAGO_LEVEL {
namespace {

using lanes::kLanes;
using lanes::Lanes;

float sum_of_squares(const float* x, std::int64_t n) {
  Lanes total{};
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const Lanes v = lanes::load(x + i);
    total += v * v;
  }
  float rest = 0;
  for (; i < n; ++i) rest += x[i] * x[i];
  return lanes::sum(total) + rest;
}

float swish(float gate) { return gate / (1.0f + expf(-gate)); }

// The last few numbers of a row, padded so that they can be worked on as lanes.
Lanes load_part(const float* from, std::int64_t count, float padding) {
  float part[kLanes];
  for (std::int64_t i = 0; i < kLanes; ++i) part[i] = i < count ? from[i] : padding;
  return lanes::load(part);
}

void rms_norm(const float* x, const float* weight, float eps, std::int64_t rows, std::int64_t width,
              float* out) {
  for (std::int64_t r = 0; r < rows; ++r, x += width, out += width) {
    const float mean = sum_of_squares(x, width) / static_cast<float>(width);
    const float scale = 1.0f / sqrtf(mean + eps);
    for (std::int64_t i = 0; i < width; ++i) out[i] = x[i] * scale * weight[i];
  }
}

void swiglu(const float* gate_up, std::int64_t rows, std::int64_t width, float* out) {
  for (std::int64_t r = 0; r < rows; ++r, gate_up += 2 * width, out += width) {
    const float* up = gate_up + width;
    std::int64_t i = 0;
    for (; i + kLanes <= width; i += kLanes) {
      const Lanes gate = lanes::load(gate_up + i);
      lanes::store(out + i, gate / (lanes::exp(-gate) + 1.0f) * lanes::load(up + i));
    }
    for (; i < width; ++i) out[i] = swish(gate_up[i]) * up[i];
  }
}

void add_bias(const float* bias, std::int64_t rows, std::int64_t width, float* x) {
  for (std::int64_t r = 0; r < rows; ++r, x += width) {
    for (std::int64_t i = 0; i < width; ++i) x[i] += bias[i];
  }
}

void rotate(const float* in, const float* cosines, const float* sines, std::int64_t width,
            float scale, float* out) {
  const std::int64_t half = width / 2;
  for (std::int64_t i = 0; i < half; ++i) {
    const float low = in[i] * scale, high = in[i + half] * scale;
    out[i] = low * cosines[i] - high * sines[i];
    out[i + half] = high * cosines[i] + low * sines[i];
  }
}

float highest(const float* x, std::int64_t n) {
  float best = -HUGE_VALF;
  std::int64_t i = 0;
  if (n >= kLanes) {
    Lanes top = lanes::all(best);
    for (; i + kLanes <= n; i += kLanes) top = lanes::larger(lanes::load(x + i), top);
    best = lanes::highest(top);
  }
  for (; i < n; ++i) best = x[i] > best ? x[i] : best;
  return best;
}

double exp_sum(const float* x, std::int64_t n, float highest, float factor, float* out) {
  constexpr std::int64_t kBlock = 4096;
  double total = 0;
  for (std::int64_t begin = 0; begin < n; begin += kBlock) {
    const std::int64_t end = begin + kBlock < n ? begin + kBlock : n;
    Lanes part{};
    std::int64_t i = begin;
    for (; i + kLanes <= end; i += kLanes) {
      const Lanes e = lanes::exp((lanes::load(x + i) - highest) * factor);
      if (out != nullptr) lanes::store(out + i, e);
      part += e;
    }
    total += lanes::sum(part);
    if (i == end) continue;
    float rest[kLanes];
    lanes::store(rest, lanes::exp((load_part(x + i, end - i, highest) - highest) * factor));
    for (std::int64_t j = i; j < end; ++j) {
      if (out != nullptr) out[j] = rest[j - i];
      total += rest[j - i];
    }
  }
  return total;
}

}  // namespace

extern const Kernels kKernels = {.rms_norm = rms_norm,
                                 .swiglu = swiglu,
                                 .add_bias = add_bias,
                                 .rotate = rotate,
                                 .highest = highest,
                                 .exp_sum = exp_sum,
                                 .attend = attend};

}  // namespace iago::IAGO_LEVEL
