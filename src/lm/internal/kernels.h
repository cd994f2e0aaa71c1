// The loops over numbers in which a pass spends its time, beside the matrix products. levels/ holds
// them; they are compiled once for each level of the processor, and the highest that the processor
// offers is taken when the program runs.
//
// Plain arrays, row-major; the caller answers for their lengths. Pure functions; thread-safe.
// Levels differ in the last bits of what they return, since only some of them add and multiply at
// once; on one level equal arguments give equal bits.
#pragma once

#include <cstdint>

#include "base/processor.h"
#include "lm/internal/attention_pass.h"

namespace iago {

struct Kernels {
  // out[r] = x[r] / sqrt(mean(x[r]^2) + eps) * weight, rows of `width` (Zhang and Sennrich 2019).
  void (*rms_norm)(const float* x, const float* weight, float eps, std::int64_t rows,
                   std::int64_t width, float* out);

  // out[r, i] = silu(gate[r, i]) * up[r, i] with gate_up [rows, 2 * width], gate first (Shazeer
  // 2020).
  void (*swiglu)(const float* gate_up, std::int64_t rows, std::int64_t width, float* out);

  // x[r] += bias.
  void (*add_bias)(const float* bias, std::int64_t rows, std::int64_t width, float* x);

  // Turns the pairs (i, i + width / 2) of one head by the angles whose cosines and sines are given
  // (width / 2 each), times `scale`: rotate_half of Hugging Face transformers. in and out may be
  // equal.
  void (*rotate)(const float* in, const float* cosines, const float* sines, std::int64_t width,
                 float scale, float* out);

  // The highest of n > 0 numbers; NaN is passed over.
  float (*highest)(const float* x, std::int64_t n);

  // out[i] = exp((x[i] - highest) * factor), factor > 0, and the sum of it. out may be null: then
  // only the sum. Added up in sixteen lanes, in double beyond each block of 4,096.
  double (*exp_sum)(const float* x, std::int64_t n, float highest, float factor, float* out);

  // Attention of all rows of a pass, as of Attention::run.
  void (*attend)(const AttentionPass& pass);
};

// Those of a level, which must not be above processor_level().
const Kernels& kernels(ProcessorLevel level);

// Those of processor_level().
const Kernels& kernels();

}  // namespace iago
