#include "nn/internal/kernels.h"

#include <math.h>

// The loops are written for the compiler's vectoriser (this file is built with -O3 -fopenmp-simd);
// `omp simd reduction` allows it to reorder sums.
namespace iago::IAGO_LEVEL {
namespace {

// e^x within 2 units in the last place for x in [-87, 88], clamped outside. A polynomial after
// splitting off the power of two, because the library's expf does not vectorise without
// -ffast-math.
float exp_fast(float x) {
  x = x < -87.0f ? -87.0f : x > 88.0f ? 88.0f : x;
  constexpr float kLog2E = 1.44269504f, kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
  const float shifted = x * kLog2E + kRound;
  const float n = shifted - kRound;
  const float r = (x - n * kLn2High) - n * kLn2Low;
  float p = 1.0f / 5040;  // Taylor: |r| <= 0.35, so the first dropped term is below 6e-9
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const std::int32_t exponent = (static_cast<std::int32_t>(n) + 127) << 23;
  return p * __builtin_bit_cast(float, exponent);
}

float sum_of_squares(const float* x, std::int64_t n) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t i = 0; i < n; ++i) sum += x[i] * x[i];
  return sum;
}

float largest(const float* x, std::int64_t n) {
  float top = x[0];
#pragma omp simd reduction(max : top)
  for (std::int64_t i = 0; i < n; ++i) top = top < x[i] ? x[i] : top;
  return top;
}

// x becomes exp(scale * (x - top)); returns the sum.
float exponentials(float* x, std::int64_t n, float scale, float top) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t i = 0; i < n; ++i) {
    x[i] = exp_fast(scale * (x[i] - top));
    sum += x[i];
  }
  return sum;
}

void add(const float* x, std::int64_t n, float* y) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) y[i] += x[i];
}

void rms_norm(const float* x, const float* delta, const float* w, float epsilon, std::int64_t rows,
              std::int64_t width, float* sum, float* y, float* inverse_rms) {
  for (std::int64_t r = 0; r < rows; ++r, x += width, y += width) {
    const float* in = x;
    if (delta != nullptr) {
#pragma omp simd
      for (std::int64_t i = 0; i < width; ++i) sum[i] = x[i] + delta[i];
      in = sum;
      sum += width;
      delta += width;
    }
    const float scale = 1.0f / sqrtf(sum_of_squares(in, width) / width + epsilon);
    inverse_rms[r] = scale;
#pragma omp simd
    for (std::int64_t i = 0; i < width; ++i) y[i] = in[i] * scale * w[i];
  }
}

// y = x s w with s = 1 / rms(x). As s depends on x, ds/dx = -s^3 x / width, and so dx = s w dy - x
// s^3 / width * sum(dy w x).
void rms_norm_backward(const float* x, const float* w, const float* inverse_rms, const float* dy,
                       const float* d_sum, std::int64_t rows, std::int64_t width, float* dx,
                       float* dw) {
  for (std::int64_t r = 0; r < rows; ++r, x += width, dy += width, dx += width) {
    const float scale = inverse_rms[r];
    float dot = 0;
#pragma omp simd reduction(+ : dot)
    for (std::int64_t i = 0; i < width; ++i) dot += dy[i] * w[i] * x[i];
    const float along = dot * scale * scale * scale / width;
#pragma omp simd
    for (std::int64_t i = 0; i < width; ++i) {
      dx[i] = dy[i] * w[i] * scale - x[i] * along;
      dw[i] += dy[i] * x[i] * scale;
    }
    if (d_sum == nullptr) continue;
    add(d_sum, width, dx);
    d_sum += width;
  }
}

void rotate(float* x, std::int64_t rows, std::int64_t stride, std::int64_t heads,
            std::int64_t head_width, const std::int32_t* positions, const float* cosines,
            const float* sines, float direction) {
  const std::int64_t half = head_width / 2;
  for (std::int64_t r = 0; r < rows; ++r, x += stride) {
    const float* c = cosines + positions[r] * half;
    const float* s = sines + positions[r] * half;
    for (std::int64_t h = 0; h < heads; ++h) {
      float* a = x + h * head_width;
      float* b = a + half;
#pragma omp simd
      for (std::int64_t i = 0; i < half; ++i) {
        const float turn = s[i] * direction, first = a[i], second = b[i];
        a[i] = first * c[i] - second * turn;
        b[i] = second * c[i] + first * turn;
      }
    }
  }
}

void swiglu(const float* gate_up, std::int64_t rows, std::int64_t width, float* out) {
  for (std::int64_t r = 0; r < rows; ++r, gate_up += 2 * width, out += width) {
    const float* up = gate_up + width;
#pragma omp simd
    for (std::int64_t i = 0; i < width; ++i) {
      out[i] = gate_up[i] / (1.0f + exp_fast(-gate_up[i])) * up[i];
    }
  }
}

// With silu(g) = g sigmoid(g), silu'(g) = sigmoid(g) + silu(g) (1 - sigmoid(g)).
void swiglu_backward(const float* gate_up, const float* d_out, std::int64_t rows,
                     std::int64_t width, float* d_gate_up, float* out) {
  for (std::int64_t r = 0; r < rows; ++r) {
    const float* up = gate_up + width;
    float* d_up = d_gate_up + width;
#pragma omp simd
    for (std::int64_t i = 0; i < width; ++i) {
      const float gate = gate_up[i];
      const float sigmoid = 1.0f / (1.0f + exp_fast(-gate));
      const float silu = gate * sigmoid;
      out[i] = silu * up[i];
      d_up[i] = d_out[i] * silu;
      d_gate_up[i] = d_out[i] * up[i] * (sigmoid + silu * (1.0f - sigmoid));
    }
    gate_up += 2 * width;
    d_gate_up += 2 * width;
    d_out += width;
    out += width;
  }
}

// The highest score is subtracted first: the same weights, and no overflow.
void causal_softmax(float* s, std::int64_t rows, std::int64_t keys, std::int64_t visible,
                    float scale) {
  for (std::int64_t r = 0; r < rows; ++r, s += keys) {
    const std::int64_t n = visible + r < keys ? visible + r : keys;
    const float inverse = 1.0f / exponentials(s, n, scale, largest(s, n));
#pragma omp simd
    for (std::int64_t i = 0; i < n; ++i) s[i] *= inverse;
    for (std::int64_t i = n; i < keys; ++i) s[i] = 0;
  }
}

// ds_i = scale * p_i (dp_i - sum_j p_j dp_j). Where p is 0 (keys not seen) so is ds.
void softmax_backward(const float* p, std::int64_t rows, std::int64_t keys, float scale,
                      float* dp) {
  for (std::int64_t r = 0; r < rows; ++r, p += keys, dp += keys) {
    float dot = 0;
#pragma omp simd reduction(+ : dot)
    for (std::int64_t i = 0; i < keys; ++i) dot += p[i] * dp[i];
#pragma omp simd
    for (std::int64_t i = 0; i < keys; ++i) dp[i] = p[i] * (dp[i] - dot) * scale;
  }
}

// -log p(target) = log(sum exp(x - top)) - (x_target - top). Its gradient is softmax - 1 at the
// target.
double cross_entropy(float* logits, const std::int32_t* targets, const float* weights, float scale,
                     std::int64_t rows, std::int64_t vocab) {
  double loss = 0;
  for (std::int64_t r = 0; r < rows; ++r, logits += vocab) {
    const float top = largest(logits, vocab);
    const float at_target = logits[targets[r]] - top;
    const float sum = exponentials(logits, vocab, 1.0f, top);
    loss += static_cast<double>(weights[r]) * (logf(sum) - at_target);
    const float factor = weights[r] * scale;
    const float inverse = factor / sum;
#pragma omp simd
    for (std::int64_t i = 0; i < vocab; ++i) logits[i] *= inverse;
    logits[targets[r]] -= factor;
  }
  return loss;
}

void log_probs(const float* logits, const std::int32_t* targets, std::int64_t rows,
               std::int64_t vocab, float* out) {
  for (std::int64_t r = 0; r < rows; ++r, logits += vocab) {
    const float top = largest(logits, vocab);
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = 0; i < vocab; ++i) sum += exp_fast(logits[i] - top);
    out[r] = logits[targets[r]] - top - logf(sum);
  }
}

// log sum exp(x).
float log_sum(const float* x, std::int64_t n) {
  const float top = largest(x, n);
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t i = 0; i < n; ++i) sum += exp_fast(x[i] - top);
  return top + logf(sum);
}

// sum p (log p - log q), where log p = x - log_x and log q = y - log_y.
float divergence_of(const float* x, float log_x, const float* y, float log_y, std::int64_t n) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t i = 0; i < n; ++i) {
    const float log_p = x[i] - log_x;
    sum += exp_fast(log_p) * (log_p - (y[i] - log_y));
  }
  return sum;
}

void policy_rows(const float* logits, const float* reference, const std::int32_t* targets,
                 std::int64_t rows, std::int64_t vocab, float* log_p, float* divergence,
                 float* entropy) {
  for (std::int64_t r = 0; r < rows; ++r, logits += vocab, reference += vocab) {
    const float log_x = log_sum(logits, vocab), log_y = log_sum(reference, vocab);
    float spread = 0;
#pragma omp simd reduction(+ : spread)
    for (std::int64_t i = 0; i < vocab; ++i) {
      const float own = logits[i] - log_x;
      spread -= exp_fast(own) * own;
    }
    log_p[r] = logits[targets[r]] - log_x;
    divergence[r] = divergence_of(logits, log_x, reference, log_y, vocab);
    entropy[r] = spread;
  }
}

// d log p(target) / d logit_i = [i is the target] - p_i, and d divergence / d logit_i = p_i (log
// p_i
// - log q_i - divergence): the other terms of the derivative add up to 0.
void policy_gradient(float* logits, const float* reference, const std::int32_t* targets,
                     const float* scores, const float* weights, std::int64_t rows,
                     std::int64_t vocab) {
  for (std::int64_t r = 0; r < rows; ++r, logits += vocab, reference += vocab) {
    const float log_x = log_sum(logits, vocab), log_y = log_sum(reference, vocab);
    const float divergence = divergence_of(logits, log_x, reference, log_y, vocab);
    const float score = scores[r], weight = weights[r];
#pragma omp simd
    for (std::int64_t i = 0; i < vocab; ++i) {
      const float own = logits[i] - log_x;
      const float excess = own - (reference[i] - log_y) - divergence;
      logits[i] = exp_fast(own) * (weight * excess - score);
    }
    logits[targets[r]] += score;
  }
}

}  // namespace

extern const NetKernels kNetKernels = {.rms_norm = rms_norm,
                                       .rms_norm_backward = rms_norm_backward,
                                       .rotate = rotate,
                                       .swiglu = swiglu,
                                       .swiglu_backward = swiglu_backward,
                                       .causal_softmax = causal_softmax,
                                       .softmax_backward = softmax_backward,
                                       .cross_entropy = cross_entropy,
                                       .log_probs = log_probs,
                                       .policy_rows = policy_rows,
                                       .policy_gradient = policy_gradient,
                                       .add = add};

}  // namespace iago::IAGO_LEVEL
